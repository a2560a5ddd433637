import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useSpeech } from "../i18n/language";
import { Button } from "./Button";

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  /** Stays open against Escape and the backdrop: something is being done. */
  readonly busy?: boolean;
  readonly children: ReactNode;
}

/** A modal dialog while it is drawn. The browser keeps the focus inside, and gives it back at the end. */
export function Dialog({ title, onClose, wide = false, busy = false, children }: Props) {
  const { t } = useSpeech();
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    setOpen(true);
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={`dialog${wide ? " dialog-wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!busy) onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === element.current && !busy) onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button look="quiet" icon="close" aria-label={t("action.close")} onClick={onClose} disabled={busy} />
      </div>
      {/* What asks for the focus gets it only where it can be seen. */}
      <div className="dialog-body">{open && children}</div>
    </dialog>
  );
}
