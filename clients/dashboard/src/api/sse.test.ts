import { expect, test } from "vitest";
import { SseParser } from "./sse";

const STREAM = ': hello\ndata: {"a":1}\n\nevent: problem\r\ndata: x\r\ndata: y\r\n\r\ndata:no space\rid: 7\r\rretry: 5\n\n';
const EVENTS = [
  { name: "message", data: '{"a":1}' },
  { name: "problem", data: "x\ny" },
  { name: "message", data: "no space" },
];

test("events are read whatever ends their lines, and comments and other fields are left out", () => {
  expect(new SseParser().push(STREAM)).toEqual(EVENTS);
});

test("it does not matter where the text is cut", () => {
  for (let size = 1; size < STREAM.length; size += 1) {
    const parser = new SseParser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...parser.push(STREAM.slice(at, at + size)));
    expect(events, `pieces of ${size}`).toEqual(EVENTS);
  }
});

test("an event that is not complete is not told", () => {
  const parser = new SseParser();
  expect(parser.push("data: half\n")).toEqual([]);
  expect(parser.push("\n")).toEqual([{ name: "message", data: "half" }]);
});
