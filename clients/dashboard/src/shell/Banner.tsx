import { useSyncExternalStore } from "react";
import { useReconnecting } from "../api/connection";
import { Icon } from "../components/icons";
import { useSpeech } from "../i18n/language";

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

/** Says when what is on the screen is no longer brought up to date. */
export function ConnectionBanner() {
  const { t } = useSpeech();
  const reconnecting = useReconnecting();
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {(reconnecting || !online) && (
        <div className="banner">
          <Icon name="warning" />
          {t(online ? "shell.reconnecting" : "shell.offline")}
        </div>
      )}
    </div>
  );
}
