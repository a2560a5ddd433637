import { type SyntheticEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";

const SERVICE = "mirante.api.metrics.v1.AlertService";
const EVENTS = ["ALERT_EVENT_OPENED", "ALERT_EVENT_ACKNOWLEDGED", "ALERT_EVENT_RESOLVED"] as const;

interface Props {
  /** Undefined: a new one. */
  readonly webhook: Message<"Webhook"> | undefined;
  readonly onClose: () => void;
  /** With the new secret, when there is one. */
  readonly onDone: (secret: string | undefined) => void;
}

/** Makes a webhook, changes it, gives it a new secret, or deletes it. */
export function WebhookDialog({ webhook, onClose, onDone }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [events, setEvents] = useState(webhook?.events ?? []);
  const [disabled, setDisabled] = useState(webhook?.disabled ?? false);
  const [sure, setSure] = useState<"remove" | "rotate">();
  const named = { environment, webhookId: webhook?.id ?? "" };
  const action = useAction(async (what: "save" | "remove" | "rotate") => {
    const fields = { environment, url: url.trim(), description: description.trim(), events };
    if (what === "remove") {
      await call(`${SERVICE}/DeleteWebhook`, named);
      tell(t("alerts.webhook.removed"));
      onDone(undefined);
    } else if (what === "rotate") {
      onDone((await call(`${SERVICE}/RotateWebhookSecret`, named)).secret);
    } else if (webhook === undefined) {
      onDone((await call(`${SERVICE}/CreateWebhook`, fields)).secret);
    } else {
      await call(`${SERVICE}/UpdateWebhook`, { ...fields, webhookId: webhook.id, disabled });
      tell(t("alerts.webhook.saved"));
      onDone(undefined);
    }
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void action.run("save");
  };
  const { pending, problem } = action;
  return (
    <Dialog title={t(webhook === undefined ? "alerts.webhook.new" : "alerts.webhook.edit")} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={submit}>
        <Field label={t("alerts.webhook.url")} problem={problem} name="url">
          {(control) => (
            <input
              {...control}
              type="url"
              autoFocus
              placeholder="https://"
              maxLength={2000}
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("alerts.webhook.description")} problem={problem} name="description">
          {(control) => <input {...control} value={description} onChange={(event) => setDescription(event.target.value)} />}
        </Field>
        <fieldset className="field">
          <legend>{t("alerts.webhook.events")}</legend>
          {EVENTS.map((each) => (
            <label key={each} className="check">
              <input
                type="checkbox"
                checked={events.includes(each)}
                onChange={(event) =>
                  setEvents(event.target.checked ? [...events, each] : events.filter((other) => other !== each))
                }
              />
              {t(`alerts.webhook.event.${each}`)}
            </label>
          ))}
          <span className="field-hint">{t("alerts.webhook.eventsHint")}</span>
        </fieldset>
        {webhook !== undefined && (
          <label className="check">
            <input type="checkbox" checked={!disabled} onChange={(event) => setDisabled(!event.target.checked)} />
            {t("alerts.webhook.active")}
          </label>
        )}
        <FormProblem problem={problem} shown={["url", "description"]} />
        {sure !== undefined && (
          <div className="danger-note" role="alert">
            <p>{t(sure === "remove" ? "alerts.webhook.removeSure" : "alerts.webhook.rotateSure")}</p>
            <Button look="danger" disabled={pending} onClick={() => void action.run(sure)}>
              {t(sure === "remove" ? "alerts.webhook.remove" : "alerts.webhook.rotate")}
            </Button>
          </div>
        )}
        <div className="dialog-actions">
          {webhook !== undefined && (
            <span className="dialog-aside row">
              <Button look="quiet" disabled={pending} onClick={() => setSure("remove")}>
                {t("alerts.webhook.remove")}
              </Button>
              <Button look="quiet" disabled={pending} onClick={() => setSure("rotate")}>
                {t("alerts.webhook.rotate")}
              </Button>
            </span>
          )}
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending || url.trim() === ""}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
