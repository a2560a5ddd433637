import type { ReactNode } from "react";

interface Props {
  readonly tone?: "plain" | "good" | "warn" | "bad" | "accent";
  /** A dot before the text, for states. */
  readonly dot?: boolean;
  readonly children: ReactNode;
}

/** A short word about a thing. Its text says everything; the colour only repeats it. */
export function Badge({ tone = "plain", dot = false, children }: Props) {
  return <span className={`badge badge-${tone}${dot ? " badge-dot" : ""}`}>{children}</span>;
}
