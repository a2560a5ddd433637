/** Short messages at the edge of the page, read out by screen readers. */
import { createContext, type ReactNode, use, useCallback, useRef, useState } from "react";
import { useSpeech } from "../i18n/language";
import { Button } from "./Button";

const SHOWN_MS = 6000;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
}

/** Shows a message; bad ones stay until they are closed. */
export type Tell = (text: string, tone?: Toast["tone"]) => void;

const ToastContext = createContext<Tell | null>(null);

/** Holds the messages of everything inside. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const { t } = useSpeech();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const last = useRef(0);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((each) => each.id !== id)), []);
  const tell = useCallback<Tell>(
    (text, tone = "good") => {
      last.current += 1;
      const id = last.current;
      setToasts((all) => [...all, { id, text, tone }]);
      if (tone === "good") setTimeout(() => drop(id), SHOWN_MS);
    },
    [drop],
  );
  return (
    <ToastContext value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`toast toast-${toast.tone}`}>
            <span>{toast.text}</span>
            <Button look="quiet" icon="close" aria-label={t("action.close")} onClick={() => drop(toast.id)} />
          </div>
        ))}
      </div>
    </ToastContext>
  );
}

/** Returns what shows a message. */
export function useToast(): Tell {
  const tell = use(ToastContext);
  if (tell === null) throw new Error("outside of ToastProvider");
  return tell;
}
