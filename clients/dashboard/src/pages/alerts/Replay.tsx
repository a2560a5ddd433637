import { type SyntheticEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AlertTable } from "./AlertTable";

const DAY_MS = 86_400_000;
const DAYS = [1, 7, 14, 28] as const;

/** What a rule would have said of a time that has passed. */
export function Replay() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const rules = useCall("mirante.api.metrics.v1.AlertService/ListAlertRules", { environment, pageSize: 1000 });
  const keys = rules.data?.records.map((record) => record.rule?.key ?? "");
  const [chosen, setChosen] = useState("");
  const [days, setDays] = useState<number>(7);
  const [found, setFound] = useState<Message<"ReplayAlertsResponse">>();
  const rule = chosen || (keys?.[0] ?? "");
  const { run, pending, problem } = useAction(async () => {
    const startTime = new Date(Date.now() - days * DAY_MS).toISOString();
    const tenants = tenant === "" ? [] : [tenant];
    setFound(undefined);
    setFound(await call("mirante.api.metrics.v1.AlertService/ReplayAlerts", { environment, ruleKey: rule, tenants, startTime }));
  });
  if (keys === undefined) {
    return rules.problem === undefined ? <SkeletonLines /> : <ErrorState problem={rules.problem} retry={rules.reload} />;
  }
  if (keys.length === 0) return <EmptyState title={t("alerts.replay.noRules")} />;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void run();
  };
  return (
    <div className="stack">
      <p className="soft">{t("alerts.replay.lead")}</p>
      <form className="replay-form" onSubmit={submit}>
        <Field label={t("alerts.replay.rule")} problem={problem} name="rule_key">
          {(control) => (
            <select {...control} value={rule} onChange={(event) => setChosen(event.target.value)}>
              {keys.map((key) => (
                <option key={key}>{key}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("alerts.replay.days")} problem={problem} name="start_time">
          {(control) => (
            <select {...control} value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {DAYS.map((each) => (
                <option key={each} value={each}>
                  {t("alerts.replay.lastDays", { days: each })}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit" look="primary" disabled={pending}>
          {pending ? t("alerts.replay.running") : t("alerts.replay.run")}
        </Button>
      </form>
      <FormProblem problem={problem} shown={["rule_key", "start_time"]} />
      {pending && <SkeletonLines />}
      {found !== undefined && <Found found={found} />}
    </div>
  );
}

function Found({ found }: { readonly found: Message<"ReplayAlertsResponse"> }) {
  const { t, format, counted } = useSpeech();
  const summary = t("alerts.replay.summary", {
    alerts: counted("alerts.replay.alerts", found.alerts.length),
    hours: format.number(found.judgedHours),
    tenants: format.number(found.tenants),
  });
  return (
    <Card flush title={<span role="status">{summary}</span>}>
      {found.truncated && <p className="card-note soft">{t("alerts.replay.truncated")}</p>}
      {found.alerts.length === 0 ? (
        <EmptyState icon="check" title={t("alerts.replay.quiet")} />
      ) : (
        <AlertTable caption={summary} alerts={found.alerts} last="period" linked={false} />
      )}
    </Card>
  );
}
