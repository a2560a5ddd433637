import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";

interface Props {
  readonly secret: string;
  readonly onClose: () => void;
}

/** Shows a secret, the only time. */
export function SecretDialog({ secret, onClose }: Props) {
  const { t } = useSpeech();
  const tell = useToast();
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    tell(t("alerts.webhook.copied"));
  };
  return (
    <Dialog title={t("alerts.webhook.secret")} onClose={onClose}>
      <div className="stack">
        <p>{t("alerts.webhook.secretLead")}</p>
        <code className="secret">{secret}</code>
        <div className="dialog-actions">
          {/* Only pages with TLS, or of this machine, may write to the clipboard. */}
          {isSecureContext && (
            <Button icon="copy" onClick={() => void copy()}>
              {t("alerts.webhook.copy")}
            </Button>
          )}
          <Button look="primary" onClick={onClose}>
            {t("action.close")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
