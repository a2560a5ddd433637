import type { ApiProblem } from "../api/problem";
import { useSpeech } from "../i18n/language";
import { problemText } from "./states";

interface Props {
  readonly problem: ApiProblem | undefined;
  /** Those that a `Field` of the form shows already. */
  readonly shown?: readonly string[];
}

/** What is wrong with a form as a whole, and with fields of which it shows none. */
export function FormProblem({ problem, shown = [] }: Props) {
  const { t } = useSpeech();
  if (problem === undefined) return null;
  const isShown = (field: string) => shown.some((name) => field === name || field.startsWith(`${name}[`));
  const others = problem.violations.filter((each) => !isShown(each.field));
  if (problem.violations.length > 0 && others.length === 0) return null;
  return (
    <div className="field-error" role="alert">
      {others.length === 0 ? (
        problemText(problem, t)
      ) : (
        <ul>
          {others.map((each) => (
            <li key={`${each.field} ${each.detail}`}>
              <code>{each.field}</code> {each.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
