import { useState } from "react";
import { useCall } from "../../api/hooks";
import { ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";

/** Who has changed a rule, and when; asked for when it is opened. */
export function RuleHistory({ ruleKey }: { readonly ruleKey: string }) {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const [open, setOpen] = useState(false);
  const { data, problem, reload } = useCall(
    "mirante.api.metrics.v1.AlertService/GetAlertRuleHistory",
    open ? { environment, ruleKey, pageSize: 20 } : null,
  );
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="soft">{t("alerts.rule.history")}</summary>
      {problem !== undefined ? (
        <ErrorState problem={problem} retry={reload} />
      ) : data === undefined ? (
        <SkeletonLines lines={2} />
      ) : (
        <ol className="notes">
          {data.versions.map((version) => (
            <li key={version.version}>
              <span className="small soft">
                {t("alerts.rule.version", { version: version.version })}
                {version.deleted ? ` (${t("alerts.rule.deletedVersion")})` : ""}, {version.actor}
                {version.at === undefined ? "" : `, ${format.dateTime(new Date(version.at), new Date())}`}
              </span>
              {version.comment !== "" && <p>{version.comment}</p>}
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
