import { type SyntheticEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { mayEdit, useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useMetrics } from "../../shell/overview";
import { useScope } from "../../shell/scope";
import { metricName } from "../live/names";
import { ConditionFields } from "./ConditionFields";
import { RuleHistory } from "./RuleHistory";
import { formOf, NEW_RULE, type RuleForm, ruleOf } from "./ruleForm";

const SERVICE = "mirante.api.metrics.v1.AlertService";
const SEVERITIES = ["ALERT_SEVERITY_INFO", "ALERT_SEVERITY_WARNING", "ALERT_SEVERITY_CRITICAL"] as const;
const SHOWN = [
  "rule.key",
  "rule.description",
  "rule.metric",
  "rule.tenants",
  "rule.currency",
  "rule.anomaly.minimum_difference",
  "rule.anomaly.minimum_share",
  "rule.anomaly.minimum_volume",
  "rule.anomaly.persistence",
  "rule.threshold.value",
  "rule.threshold.held_for",
  "comment",
];

interface Props {
  /** Undefined: a new one. */
  readonly record: Message<"AlertRuleRecord"> | undefined;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Makes a rule, changes it, or deletes it. */
export function RuleDialog({ record, onClose, onDone }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const session = useSession();
  const tell = useToast();
  const metrics = useMetrics();
  const isAdmin = session.person.role === "admin";
  const webhooks = useCall(`${SERVICE}/ListWebhooks`, isAdmin ? { environment } : null);
  const [form, setForm] = useState<RuleForm>(() => (record?.rule === undefined ? NEW_RULE : formOf(record.rule)));
  const [comment, setComment] = useState("");
  const [removing, setRemoving] = useState(false);
  const set = (change: Partial<RuleForm>) => setForm((before) => ({ ...before, ...change }));
  const save = useAction(() =>
    record === undefined
      ? call(`${SERVICE}/CreateAlertRule`, { environment, rule: ruleOf(form), comment })
      : call(`${SERVICE}/UpdateAlertRule`, { environment, rule: ruleOf(form), etag: record.etag, comment }),
  );
  const remove = useAction(() =>
    call(`${SERVICE}/DeleteAlertRule`, { environment, ruleKey: form.key, etag: record?.etag ?? "", comment }),
  );
  const busy = save.pending || remove.pending;
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await save.run())) return;
    tell(t("alerts.rule.saved", { key: form.key }));
    onDone();
  };
  const confirmed = async () => {
    if (!(await remove.run())) return;
    tell(t("alerts.rule.removed", { key: form.key }));
    onDone();
  };
  const known = metrics.map((each) => each.metric);
  const names = known.includes(form.metric) ? known : [form.metric, ...known];
  const isMoney = metrics.find((each) => each.metric === form.metric)?.currencies.length;
  return (
    <Dialog
      wide
      title={record === undefined ? t("alerts.rule.new") : t("alerts.rule.edit", { key: form.key })}
      onClose={onClose}
      busy={busy}
    >
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <fieldset className="form-grid" disabled={!mayEdit(session) || busy}>
          <Field label={t("alerts.rule.key")} hint={t("alerts.rule.keyHint")} problem={save.problem} name="rule.key">
            {(control) => (
              <input
                {...control}
                autoFocus={record === undefined}
                readOnly={record !== undefined}
                spellCheck={false}
                value={form.key}
                onChange={(event) => set({ key: event.target.value })}
              />
            )}
          </Field>
          <Field label={t("alerts.rule.description")} problem={save.problem} name="rule.description">
            {(control) => (
              <input {...control} value={form.description} onChange={(event) => set({ description: event.target.value })} />
            )}
          </Field>
          <Field label={t("alerts.rule.metric")} problem={save.problem} name="rule.metric">
            {(control) => (
              <select {...control} value={form.metric} onChange={(event) => set({ metric: event.target.value })}>
                {names.map((each) => (
                  <option key={each} value={each}>
                    {metricName(each, t)} ({each})
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t("alerts.rule.severity")} problem={save.problem} name="rule.severity">
            {(control) => (
              <select
                {...control}
                value={form.severity}
                onChange={(event) => set({ severity: SEVERITIES.find((each) => each === event.target.value) ?? form.severity })}
              >
                {SEVERITIES.map((each) => (
                  <option key={each} value={each}>
                    {t(`alerts.severity.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t("alerts.rule.tenants")} hint={t("alerts.rule.tenantsHint")} problem={save.problem} name="rule.tenants">
            {(control) => <input {...control} value={form.tenants} onChange={(event) => set({ tenants: event.target.value })} />}
          </Field>
          {(Boolean(isMoney) || form.currency !== "") && (
            <Field label={t("alerts.rule.currency")} hint={t("alerts.rule.currencyHint")} problem={save.problem} name="rule.currency">
              {(control) => (
                <input {...control} maxLength={3} value={form.currency} onChange={(event) => set({ currency: event.target.value })} />
              )}
            </Field>
          )}
          <ConditionFields form={form} set={set} problem={save.problem} />
          {(webhooks.data?.webhooks.length ?? 0) > 0 && (
            <fieldset className="field form-wide">
              <legend>{t("alerts.rule.webhooks")}</legend>
              {webhooks.data?.webhooks.map((webhook) => (
                <label key={webhook.id} className="check">
                  <input
                    type="checkbox"
                    checked={form.webhooks.includes(webhook.id)}
                    onChange={(event) =>
                      set({
                        webhooks: event.target.checked
                          ? [...form.webhooks, webhook.id]
                          : form.webhooks.filter((each) => each !== webhook.id),
                      })
                    }
                  />
                  {webhook.description || webhook.url}
                </label>
              ))}
              <span className="field-hint">{t("alerts.rule.webhooksHint")}</span>
            </fieldset>
          )}
          <Field label={t("alerts.rule.comment")} problem={save.problem} name="comment">
            {(control) => <input {...control} value={comment} onChange={(event) => setComment(event.target.value)} />}
          </Field>
          <label className="check">
            <input type="checkbox" checked={form.enabled} onChange={(event) => set({ enabled: event.target.checked })} />
            {t("alerts.rule.enabled")}
          </label>
        </fieldset>
        {record !== undefined && <RuleHistory ruleKey={form.key} />}
        <FormProblem problem={save.problem ?? remove.problem} shown={SHOWN} />
        {removing && (
          <div className="danger-note" role="alert">
            <p>{t("alerts.rule.removeSure")}</p>
            <Button look="danger" disabled={busy} onClick={() => void confirmed()}>
              {t("alerts.rule.remove")}
            </Button>
          </div>
        )}
        {mayEdit(session) && (
          <div className="dialog-actions">
            {record !== undefined && !removing && (
              <Button look="quiet" className="dialog-aside" onClick={() => setRemoving(true)} disabled={busy}>
                {t("alerts.rule.remove")}
              </Button>
            )}
            <Button onClick={onClose} disabled={busy}>
              {t("action.cancel")}
            </Button>
            <Button type="submit" look="primary" disabled={busy}>
              {t("action.save")}
            </Button>
          </div>
        )}
      </form>
    </Dialog>
  );
}
