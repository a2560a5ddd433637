import { sparkPath } from "./spark";

interface Props {
  /** In the order of time; null where there is none. */
  readonly values: readonly (number | null)[];
}

/** A line without axes, of a few hundred numbers; decoration beside the number itself. */
export function Sparkline({ values }: Props) {
  const path = sparkPath(values, 200, 40);
  return (
    <svg className="spark" viewBox="0 0 200 40" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {path !== "" && (
        <>
          <path className="spark-area" d={`${path}V40H${path.slice(1, path.indexOf(","))}Z`} />
          <path className="spark-line" d={path} />
        </>
      )}
    </svg>
  );
}
