import { useState } from "react";
import type { Message } from "../../../api/methods";
import { Segmented } from "../../../components/Segmented";
import { useSpeech } from "../../../i18n/language";
import { count } from "../asking/question";
import { BarList } from "./BarList";

interface Props {
  readonly result: Message<"FeatureUseResult">;
  /** What nobody uses was asked for. */
  readonly unusedFirst: boolean;
}

/** What is used most, and what was declared and is not used. */
export function FeatureBars({ result, unusedFirst }: Props) {
  const { t, format } = useSpeech();
  const [by, setBy] = useState<"users" | "uses">("users");
  const features = by === "users" ? result.byUsers : result.byUses;
  const never = new Set(result.neverUsed);
  const unused = result.unused.length > 0 && (
    <details className="chart-table" open={unusedFirst}>
      <summary>
        {t("ana.features.unused")} ({format.number(result.unused.length)})
      </summary>
      <ul className="unused">
        {result.unused.map((each) => (
          <li key={each}>
            <code>{each}</code> {never.has(each) && <span className="faint">{t("ana.features.never")}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
  return (
    <div className="stack">
      {unusedFirst && (unused || <p className="soft">{t("ana.features.allUsed")}</p>)}
      <div>
        <Segmented
          label={t("ana.column.people")}
          options={[
            { key: "users", label: t("ana.features.byUsers") },
            { key: "uses", label: t("ana.features.byUses") },
          ]}
          chosen={by}
          onChoose={setBy}
        />
      </div>
      <BarList
        label={by === "users" ? t("ana.features.byUsers") : t("ana.features.byUses")}
        rows={features.map((each) => ({
          name: each.event,
          value: count(each[by]),
          text: format.number(each[by]),
          ...(by === "users" && each.share !== undefined ? { more: format.percent(each.share) } : {}),
        }))}
      />
      {!unusedFirst && unused}
    </div>
  );
}
