/** The little Markdown that reports are written in: headings, paragraphs, lists, quotes, tables; pure. */

/** A piece of a line. */
export interface Span {
  readonly kind: "text" | "strong" | "code";
  readonly text: string;
}

/** A part of a document. */
export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly spans: readonly Span[] }
  | { readonly kind: "paragraph" | "quote"; readonly spans: readonly Span[] }
  | { readonly kind: "list"; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: "table"; readonly head: readonly (readonly Span[])[]; readonly rows: readonly (readonly (readonly Span[])[])[] };

/** Returns the parts of a document. What is none of them is text: nothing becomes markup of a page. */
export function blocksOf(markdown: string): Block[] {
  return markdown
    .split(/\n{2,}/)
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map(blockOf);
}

function blockOf(text: string): Block {
  const heading = /^(#{1,6}) (.*)$/.exec(text);
  if (heading !== null) return { kind: "heading", level: heading[1]?.length ?? 1, spans: spansOf(heading[2] ?? "") };
  const lines = text.split("\n");
  if (lines.every((line) => line.startsWith("- "))) {
    return { kind: "list", items: lines.map((line) => spansOf(line.slice(2))) };
  }
  if (lines.every((line) => line.startsWith(">"))) {
    return { kind: "quote", spans: spansOf(lines.map((line) => line.slice(1).trim()).join(" ")) };
  }
  if (lines.length > 1 && lines.every((line) => line.startsWith("|")) && /^[|\s:-]+$/.test(lines[1] ?? "")) {
    const [head = [], , ...rows] = lines.map(cellsOf);
    return { kind: "table", head, rows };
  }
  return { kind: "paragraph", spans: spansOf(lines.join(" ")) };
}

function cellsOf(line: string): Span[][] {
  const cells = line.replace(/^\|/, "").split(/(?<!\\)\|/);
  return cells.slice(0, -1).map((cell) => spansOf(cell.trim()));
}

/** Returns the pieces of a line: what is strong, what is code, and text without its escapes. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let plain = "";
  const pattern = /\\([^\sA-Za-z0-9])|`([^`]*)`|\*\*((?:\\.|[^*])+)\*\*|([^])/gu;
  for (const [, escaped, code, strong, other] of line.matchAll(pattern)) {
    if (code === undefined && strong === undefined) {
      plain += escaped ?? other ?? "";
      continue;
    }
    if (plain !== "") spans.push({ kind: "text", text: plain });
    plain = "";
    spans.push(code === undefined ? { kind: "strong", text: unescaped(strong ?? "") } : { kind: "code", text: code });
  }
  if (plain !== "") spans.push({ kind: "text", text: plain });
  return spans;
}

function unescaped(text: string): string {
  return text.replace(/\\([^\sA-Za-z0-9])/g, "$1");
}
