import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "./Button";
import type { IconName } from "./icons";

interface Props {
  readonly label: string;
  readonly icon?: IconName;
  /** On the button; without it the icon stands alone and `label` is read out. */
  readonly text?: ReactNode;
  readonly alignEnd?: boolean;
  readonly children: (close: () => void) => ReactNode;
}

/** A button that opens a panel below it. Escape, a click elsewhere and leaving it by keyboard close it. */
export function Menu({ label, icon, text, alignEnd = false, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: PointerEvent) => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);
  return (
    <div
      className="menu"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) close();
      }}
      onBlur={(event) => {
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <Button
        {...(icon === undefined ? {} : { icon })}
        aria-label={text === undefined ? label : undefined}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {text}
      </Button>
      {open && (
        <div className={`menu-panel${alignEnd ? " menu-panel-end" : ""}`} id={id} role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
