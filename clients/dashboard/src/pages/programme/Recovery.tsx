import { Link } from "wouter";
import type { Message } from "../../api/methods";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { type Column, Table } from "../../components/Table";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { secondsOf } from "../rollouts/standing";
import { preciseLength, type Recovery, tookSeconds } from "./health";

type Times = Message<"RecoveryTimes">;

/** Of many recoveries the newest so many are drawn. */
const MOST = 10;

/** How long it took from trouble to off, and how that is counted. */
export function RecoveryFigures({ times }: { readonly times: Times }) {
  const { t, counted, format } = useSpeech();
  const length = (duration: string | undefined) =>
    duration === undefined ? NOTHING : preciseLength(secondsOf(duration), format);
  return (
    <div className="stack-tight">
      {times.count === 0 ? (
        <p className="soft">{t("prog.recovery.none")}</p>
      ) : (
        <>
          <p>
            <strong className="programme-figure">{length(times.mean)}</strong>{" "}
            <span className="soft">{counted("prog.recovery.mean", times.count)}</span>
          </p>
          <dl className="facts">
            <dt>{t("prog.recovery.median")}</dt>
            <dd>{length(times.median)}</dd>
            <dt>{t("prog.recovery.slowest")}</dt>
            <dd>{length(times.slowest)}</dd>
          </dl>
        </>
      )}
      {times.killsWithoutAlert > 0 && <p className="small">{counted("prog.recovery.left", times.killsWithoutAlert)}</p>}
      {times.truncated && <p className="small programme-warning">{t("prog.recovery.truncated")}</p>}
      <details className="small soft">
        <summary>{t("prog.recovery.how")}</summary>
        <p>{t("prog.recovery.howGuard")}</p>
        <p>{t("prog.recovery.howPerson")}</p>
      </details>
    </div>
  );
}

/** The newest recoveries. */
export function RecoveriesCard({ times }: { readonly times: Times }) {
  const { t, format } = useSpeech();
  const rows = times.recoveries.map((recovery, index) => ({ recovery, key: String(index) })).slice(0, MOST);
  return (
    <Card className="span-12" title={t("prog.recoveries")} flush>
      <Table caption={t("prog.recoveries")} columns={useColumns()} rows={rows} rowKey={(row) => row.key} />
      {times.count > rows.length && (
        <p className="programme-foot small soft">
          {t("prog.recoveries.newest", { shown: rows.length, count: format.number(times.count) })}
        </p>
      )}
    </Card>
  );
}

interface Row {
  readonly recovery: Recovery;
  readonly key: string;
}

function useColumns(): Column<Row>[] {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const now = useNow(30_000);
  return [
    {
      key: "flag",
      title: t("prog.recoveries.flag"),
      heading: true,
      sort: ({ recovery }) => recovery.flagKey,
      cell: ({ recovery }) => (
        <Link className="mono" href={href(`/flags/flag/${recovery.flagKey}`)}>
          {recovery.flagKey}
        </Link>
      ),
    },
    {
      key: "began",
      title: t("prog.recoveries.began"),
      sort: ({ recovery }) => recovery.beganAt,
      cell: ({ recovery }) => (
        <span className="nowrap">
          {recovery.beganAt === undefined ? NOTHING : format.dateTime(new Date(recovery.beganAt), now)}
        </span>
      ),
    },
    { key: "sign", title: t("prog.recoveries.sign"), cell: ({ recovery }) => t(`prog.sign.${recovery.sign}`) },
    {
      key: "took",
      title: t("prog.recoveries.took"),
      number: true,
      sort: ({ recovery }) => tookSeconds(recovery),
      cell: ({ recovery }) => {
        const seconds = tookSeconds(recovery);
        return seconds === undefined ? NOTHING : preciseLength(seconds, format);
      },
    },
    { key: "by", title: t("prog.recoveries.by"), cell: ({ recovery }) => recovery.by },
    {
      key: "why",
      title: t("prog.recoveries.why"),
      cell: ({ recovery }) => <span className="programme-why">{recovery.text}</span>,
    },
  ];
}
