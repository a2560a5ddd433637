import { type SyntheticEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useMetrics, useTenants } from "../../shell/overview";
import { useScope } from "../../shell/scope";
import { metricName } from "../live/names";

const HOUR_MS = 3_600_000;
const LENGTHS_HOURS = [1, 4, 12, 24, 72, 168] as const;
const SHOWN = ["reason", "tenant", "metric", "rule_key", "end_time"];

interface Props {
  /** What it covers at first. */
  readonly first: { readonly tenant: string; readonly metric: string; readonly rule: string };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Begins a silence now. */
export function SilenceDialog({ first, onClose, onDone }: Props) {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const tenants = useTenants() ?? [];
  const metrics = useMetrics().map((each) => each.metric);
  const rules = useCall("mirante.api.metrics.v1.AlertService/ListAlertRules", { environment, pageSize: 1000 });
  const [tenant, setTenant] = useState(first.tenant);
  const [metric, setMetric] = useState(first.metric);
  const [rule, setRule] = useState(first.rule);
  const [hours, setHours] = useState<number>(4);
  const [reason, setReason] = useState("");
  const nothing = tenant === "" && metric === "" && rule === "";
  const { run, pending, problem } = useAction(() =>
    call("mirante.api.metrics.v1.AlertService/CreateSilence", {
      environment,
      tenant,
      metric,
      ruleKey: rule,
      endTime: new Date(Date.now() + hours * HOUR_MS).toISOString(),
      reason: reason.trim(),
    }),
  );
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await run())) return;
    tell(t("alerts.silence.made"));
    onDone();
  };
  const choice = (known: readonly string[], chosen: string) => (chosen === "" || known.includes(chosen) ? known : [chosen, ...known]);
  const ruleKeys = (rules.data?.records ?? []).map((record) => record.rule?.key ?? "");
  return (
    <Dialog title={t("alerts.silence.new")} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t("shell.tenant")} problem={problem} name="tenant">
          {(control) => (
            <select {...control} value={tenant} onChange={(event) => setTenant(event.target.value)}>
              <option value="">{t("alerts.silence.anyTenant")}</option>
              {choice(tenants, tenant).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("alerts.column.metric")} problem={problem} name="metric">
          {(control) => (
            <select {...control} value={metric} onChange={(event) => setMetric(event.target.value)}>
              <option value="">{t("alerts.silence.anyMetric")}</option>
              {choice(metrics, metric).map((each) => (
                <option key={each} value={each}>
                  {metricName(each, t)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("alerts.detail.rule")} problem={problem} name="rule_key">
          {(control) => (
            <select {...control} value={rule} onChange={(event) => setRule(event.target.value)}>
              <option value="">{t("alerts.silence.anyRule")}</option>
              {choice(ruleKeys, rule).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("alerts.silence.length")} problem={problem} name="end_time">
          {(control) => (
            <select {...control} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
              {LENGTHS_HOURS.map((each) => (
                <option key={each} value={each}>
                  {format.duration(each * 3600)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("alerts.silence.reason")} problem={problem} name="reason">
          {(control) => (
            <textarea {...control} autoFocus maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
          )}
        </Field>
        {nothing && <p className="field-hint">{t("alerts.silence.name")}</p>}
        <FormProblem problem={problem} shown={SHOWN} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending || nothing || reason.trim() === ""}>
            {t("alerts.act.silence")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
