import { useSpeech } from "../../i18n/language";
import type { Change } from "./changes";

/** A text that is there and has nothing in it. */
const EMPTY = '""';

interface Props {
  readonly changes: readonly Change[];
  /** The labels are paths of the definition. */
  readonly paths?: boolean;
}

/** Differences, each with what was there before and what is there now. */
export function Diff({ changes, paths = false }: Props) {
  const { t } = useSpeech();
  if (changes.length === 0) return <p className="soft">{t("flags.diff.none")}</p>;
  return (
    <ul className={paths ? "diff diff-paths" : "diff"}>
      {changes.map((change, index) => (
        <li key={index}>
          <span className={paths ? "diff-label mono" : "diff-label"}>{change.label}</span>
          {change.before !== "" && (
            <del>
              <span className="visually-hidden">{t("flags.diff.before")}: </span>
              {change.before}
            </del>
          )}
          {(change.after !== "" || change.before === "") && (
            <ins>
              <span className="visually-hidden">{t("flags.diff.after")}: </span>
              {change.after || EMPTY}
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}
