/** What stands where content is not there: none yet, none at all, or a failure. */
import type { CSSProperties, ReactNode } from "react";
import type { ApiProblem } from "../api/problem";
import { type Speech, useSpeech } from "../i18n/language";
import type { PlainKey } from "../i18n/messages";
import { Button } from "./Button";
import { Icon, type IconName } from "./icons";

/** What needs no detail. */
const BY_REASON: Readonly<Partial<Record<string, PlainKey>>> = {
  ALREADY_EXISTS: "problem.exists",
  INTERNAL: "problem.internal",
  REPORT_TOO_LARGE: "problem.reportTooLarge",
  REPORT_TOO_SLOW: "problem.reportTooSlow",
};

/** Says in the language of the page what a problem means. What a service says in detail stays as it is. */
export function problemText(problem: ApiProblem, t: Speech["t"]): string {
  if (problem.status === 0 || problem.status === 503) return t("problem.unreachable");
  if (problem.status === 403) return t("problem.denied");
  if (problem.status === 412) return t("problem.stale");
  if (problem.status === 429) return t("problem.busy");
  if (problem.reason === "STATE_CONFLICT") return t("problem.conflict", { detail: problem.message });
  if (problem.reason.endsWith("_NOT_FOUND")) return t("problem.absent");
  const known = BY_REASON[problem.reason];
  return known === undefined ? problem.message : t(known);
}

interface EmptyProps {
  readonly title: string;
  readonly icon?: IconName;
  /** What to do about it. */
  readonly children?: ReactNode;
}

/** There is nothing to show, and that is no failure. */
export function EmptyState({ title, icon = "empty", children }: EmptyProps) {
  return (
    <div className="state">
      <Icon name={icon} />
      <h3>{title}</h3>
      {children}
    </div>
  );
}

interface ErrorProps {
  readonly problem: ApiProblem;
  /** Asks again. */
  readonly retry?: () => void;
}

/** Something could not be loaded. */
export function ErrorState({ problem, retry }: ErrorProps) {
  const { t } = useSpeech();
  return (
    <div className="state" role="alert">
      <Icon name="warning" />
      <h3>{t("state.error")}</h3>
      <p>{problemText(problem, t)}</p>
      {retry !== undefined && <Button onClick={retry}>{t("action.retry")}</Button>}
    </div>
  );
}

interface SkeletonProps {
  /** Of CSS, for instance "60%". */
  readonly width?: CSSProperties["width"];
  /** Pixels. */
  readonly height?: number;
}

/** A place that is being filled; decoration, beside something that says so in words. */
export function Skeleton({ width = "100%", height = 16 }: SkeletonProps) {
  return <div className="skeleton" style={{ width, height }} aria-hidden="true" />;
}

/** A few lines that are being filled. */
export function SkeletonLines({ lines = 4 }: { readonly lines?: number }) {
  const { t } = useSpeech();
  return (
    <div className="stack" role="status">
      <span className="visually-hidden">{t("shell.loading")}</span>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} width={`${90 - ((index * 17) % 40)}%`} />
      ))}
    </div>
  );
}
