/** What paths say; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import { count } from "../asking/question";
import { groupName, type ResultText } from "./model";

/** Returns what people did after or before an event. */
export function pathsText(result: Message<"PathsResult">, speech: Speech): ResultText {
  const { t, format } = speech;
  const from = (group: Message<"BreakdownGroup"> | undefined) => (group === undefined ? "•" : groupName(group, speech));
  return {
    facts: [{ label: t("ana.paths.paths"), value: count(result.paths), format: "count" }],
    tables: [
      {
        title: t("ana.paths.steps"),
        columns: [
          { title: t("ana.column.event"), format: "text" },
          { title: t("ana.column.step"), format: "written" },
          { title: t("ana.paths.paths"), format: "count" },
          { title: t("ana.column.share"), format: "share" },
        ],
        rows: result.steps.flatMap((step) =>
          step.nodes.map((node) => [groupName(node.event, speech), format.number(step.step), count(node.count), node.share]),
        ),
      },
      {
        title: t("ana.paths.links"),
        columns: [
          { title: t("ana.paths.link"), format: "text" },
          { title: t("ana.column.step"), format: "written" },
          { title: t("ana.paths.paths"), format: "bar" },
        ],
        rows: result.links.map((link) => [
          `${from(link.source)} → ${from(link.target)}`,
          format.number(link.step),
          count(link.count),
        ]),
      },
    ],
    notes: [],
  };
}
