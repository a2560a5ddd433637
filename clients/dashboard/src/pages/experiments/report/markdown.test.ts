import { expect, test } from "vitest";
import { blocksOf, spansOf } from "./markdown";

test("a report is headings, paragraphs, lists, quotes and tables", () => {
  const report = [
    "# Experimento cta",
    "**Hipótese.** Vende\nmais",
    "- Flag: `cta`\n- Controle: a",
    "> porque sim",
    "| Variante | p |\n|---|---|\n| a\\|b | — |",
  ].join("\n\n");
  expect(blocksOf(`${report}\n`)).toEqual([
    { kind: "heading", level: 1, spans: [{ kind: "text", text: "Experimento cta" }] },
    {
      kind: "paragraph",
      spans: [
        { kind: "strong", text: "Hipótese." },
        { kind: "text", text: " Vende mais" },
      ],
    },
    {
      kind: "list",
      items: [
        [
          { kind: "text", text: "Flag: " },
          { kind: "code", text: "cta" },
        ],
        [{ kind: "text", text: "Controle: a" }],
      ],
    },
    { kind: "quote", spans: [{ kind: "text", text: "porque sim" }] },
    {
      kind: "table",
      head: [[{ kind: "text", text: "Variante" }], [{ kind: "text", text: "p" }]],
      rows: [[[{ kind: "text", text: "a|b" }], [{ kind: "text", text: "—" }]]],
    },
  ]);
});

test("what people wrote stays what they wrote", () => {
  expect(spansOf("\\*\\*não\\*\\* \\<script\\>")).toEqual([{ kind: "text", text: "**não** <script>" }]);
  expect(spansOf("um * e ` só")).toEqual([{ kind: "text", text: "um * e ` só" }]);
  expect(spansOf("**a\\*b**")).toEqual([{ kind: "strong", text: "a*b" }]);
});
