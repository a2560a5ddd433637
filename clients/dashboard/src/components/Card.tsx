import { type ReactNode, useId } from "react";

interface Props {
  /** Without it the card needs no heading of its own. */
  readonly title?: ReactNode;
  /** Beside the title. */
  readonly actions?: ReactNode;
  /** No space around the body, for tables. */
  readonly flush?: boolean;
  /** `span-3` to `span-12` in a `grid`. */
  readonly className?: string;
  readonly children: ReactNode;
}

/** A part of a page with a heading. */
export function Card({ title, actions, flush = false, className = "", children }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="card-head">
          <h2 id={id}>{title}</h2>
          {actions !== undefined && <div className="card-actions">{actions}</div>}
        </div>
      )}
      <div className={`card-body${flush ? " card-flush" : ""}`}>{children}</div>
    </section>
  );
}
