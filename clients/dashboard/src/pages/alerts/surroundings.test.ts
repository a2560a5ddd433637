import { expect, test } from "vitest";
import type { Message } from "../../api/methods";
import { filled, linesOf, surroundingsOf } from "./surroundings";

const HOUR = 3_600_000;
const at = (hour: number) => Date.UTC(2025, 10, 25, hour);
const iso = (hour: number) => new Date(at(hour)).toISOString();

function alert(rest: Partial<Message<"Alert">>): Message<"Alert"> {
  const fields = {
    kind: "ALERT_KIND_DROP",
    metric: "vendas_hora",
    startTime: iso(10),
    endTime: iso(11),
    observed: "2",
    expected: "",
    lowerBound: "",
    upperBound: "",
  };
  return { ...fields, ...rest } as Message<"Alert">;
}

const NAMES = { series: "s", observed: "o", expected: "e", band: "b" };

test("an anomaly is shown in its day by the hour, not beyond now", () => {
  const around = surroundingsOf(alert({}), at(12) + HOUR / 2);
  expect(around).toEqual({ from: at(-14), to: at(13), stepMs: HOUR, resolution: "RESOLUTION_HOUR" });
});

test("a limit of a number of minutes is shown by the minute", () => {
  const around = surroundingsOf(alert({ kind: "ALERT_KIND_THRESHOLD", metric: "erros_minuto" }), at(20));
  expect(around.resolution).toBe("RESOLUTION_MINUTE");
  expect([around.from, around.to]).toEqual([at(7), at(12)]);
});

test("what the answer leaves out is zero for counts and nothing for others, and the last number holds to the end", () => {
  const around = { from: at(1), to: at(4), stepMs: HOUR, resolution: "RESOLUTION_HOUR" as const };
  const points = [{ startTime: iso(2), value: "5", incomplete: false }];
  expect(filled(points, around, true).map((point) => point.y)).toEqual([0, 5, 0, 0]);
  expect(filled(points, around, false).map((point) => point.y)).toEqual([null, 5, null, null]);
});

test("the band of an anomaly spans what was judged, a limit the whole chart", () => {
  const around = surroundingsOf(alert({}), at(20));
  const lines = linesOf(alert({ lowerBound: "4", upperBound: "9", expected: "6.5" }), [], around, NAMES);
  expect(lines.map((line) => line.label)).toEqual(["b", "b", "s", "e", "o"]);
  expect(lines[1]).toMatchObject({ band: true, points: [{ x: at(10), y: 9 }, { x: at(11), y: 9 }] });
  const limit = linesOf(alert({ kind: "ALERT_KIND_THRESHOLD", upperBound: "9" }), [], around, NAMES);
  expect(limit[0]?.points.map((point) => point.x)).toEqual([around.from, around.to]);
});
