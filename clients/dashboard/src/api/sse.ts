/** Server-sent events out of text that arrives in pieces; pure. */

/** One event; `message` is the name of those that have none. */
export interface SseEvent {
  readonly name: string;
  readonly data: string;
}

/** Holds what has arrived of the event in progress. */
export class SseParser {
  private rest = "";
  private name = "";
  private data: string[] = [];

  /** Takes the next piece, and returns the events that it completes. */
  push(piece: string): SseEvent[] {
    const events: SseEvent[] = [];
    const text = this.rest + piece;
    let from = 0;
    for (;;) {
      const end = lineEnd(text, from);
      if (end === undefined) break;
      this.line(text.slice(from, end.at), events);
      from = end.next;
    }
    this.rest = text.slice(from);
    return events;
  }

  private line(line: string, events: SseEvent[]): void {
    if (line === "") {
      if (this.data.length > 0) events.push({ name: this.name || "message", data: this.data.join("\n") });
      this.name = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment, to keep the connection open
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.name = value;
  }
}

/** Lines end with LF, CR or CRLF. A CR at the very end waits: an LF may follow. */
function lineEnd(text: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\n") return { at, next: at + 1 };
    if (character === "\r") {
      if (at + 1 === text.length) return undefined;
      return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
    }
  }
  return undefined;
}
