import { type ReactNode, useId } from "react";
import type { ApiProblem } from "../api/problem";

/** What a control of a `Field` has to carry. */
export interface ControlProps {
  readonly id: string;
  readonly className: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

interface Props {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it. */
  readonly error?: string | undefined;
  /** Of the last attempt: what it says about the field named `name` is shown. */
  readonly problem?: ApiProblem | undefined;
  /** As the gateway names it in the violations of a problem. */
  readonly name?: string;
  readonly children: (control: ControlProps) => ReactNode;
}

/** A control with its label, and what is wrong with it. */
export function Field({ label, hint, error, problem, name, children }: Props) {
  const id = useId();
  const wrong = error ?? (name === undefined ? undefined : problem?.violation(name));
  const described = [hint === undefined ? "" : `${id}-hint`, wrong === undefined ? "" : `${id}-error`];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        className: "input",
        "aria-invalid": wrong !== undefined,
        "aria-describedby": described.filter(Boolean).join(" ") || undefined,
      })}
      {hint !== undefined && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      {wrong !== undefined && (
        <span id={`${id}-error`} className="field-error" role="alert">
          {wrong}
        </span>
      )}
    </div>
  );
}
