import { Link } from "wouter";
import { Badge } from "../../components/Badge";
import { useNow } from "../../components/now";
import { type Column, Table } from "../../components/Table";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { colourOf } from "../flags/Sentence";
import { type Life, stageOf, stageRank, untouchedDays } from "./lives";

const TONES = {
  unspecified: "plain",
  off: "plain",
  rollingOut: "accent",
  inExperiment: "accent",
  fullyOn: "good",
  stale: "warn",
  killed: "bad",
} as const;

interface Props {
  readonly lives: readonly Life[];
  /** Whether exposures are known. */
  readonly known: boolean;
}

/** One row a flag. */
export function LivesTable({ lives, known }: Props) {
  const { t } = useSpeech();
  return (
    <div className="lives">
      <Table
        caption={t("prog.lives")}
        columns={useColumns(known)}
        rows={lives}
        rowKey={(life) => life.flagKey}
        order={{ key: "flag", descending: false }}
      />
    </div>
  );
}

function useColumns(known: boolean): Column<Life>[] {
  const { t } = useSpeech();
  const { href } = useScope();
  const now = useNow(30_000);
  return [
    {
      key: "flag",
      title: t("prog.life.flag"),
      heading: true,
      sort: (life) => life.flagKey,
      cell: (life) => (
        <>
          <Link className="mono" href={href(`/flags/flag/${life.flagKey}`)}>
            {life.flagKey}
          </Link>
          <span className="flag-tags">{life.owner}</span>
        </>
      ),
    },
    { key: "stage", title: t("prog.life.stage"), sort: stageRank, cell: (life) => <StageCell life={life} now={now} /> },
    {
      key: "evaluated",
      title: t("prog.life.evaluated"),
      sort: (life) => life.lastEvaluatedAt,
      cell: (life) => {
        if (life.lastEvaluatedAt !== undefined) return <When time={life.lastEvaluatedAt} now={now} />;
        return <span className="faint">{known ? t("prog.life.never") : t("prog.unknown")}</span>;
      },
    },
    {
      key: "shares",
      title: t("prog.life.shares"),
      cell: (life) => (known ? <Shares life={life} /> : <span className="faint">{t("prog.unknown")}</span>),
    },
    {
      key: "untouched",
      title: t("prog.life.untouched"),
      sort: (life) => life.updatedAt,
      cell: (life) => (life.updatedAt === undefined ? NOTHING : <When time={life.updatedAt} now={now} />),
    },
  ];
}

function When({ time, now }: { readonly time: string; readonly now: Date }) {
  const { format } = useSpeech();
  const at = new Date(time);
  return (
    <span className="nowrap">
      {format.ago(at, now)}
      <span className="flag-tags">{format.dateTime(at, now)}</span>
    </span>
  );
}

function StageCell({ life, now }: { readonly life: Life; readonly now: Date }) {
  const { t, counted } = useSpeech();
  const { href } = useScope();
  const stage = stageOf(life);
  const days = untouchedDays(life, now);
  const variant = life.servedToAll;
  return (
    <div className="life-stage">
      <Badge tone={TONES[stage]} dot>
        {t(`prog.stage.${stage}`)}
      </Badge>
      {stage === "stale" && days !== undefined ? (
        <span className="flag-tags">{t("prog.life.stale", { variant, days: counted("prog.days", days) })}</span>
      ) : (
        <span className="flag-tags">
          {variant === "" ? t("prog.life.varies") : t("prog.life.servesAll", { variant })}
        </span>
      )}
      {life.experiments.map((key) => (
        <Link key={key} className="small" href={href(`/experimentos/experimento/${key}`)}>
          {key}
        </Link>
      ))}
      {life.rolloutId !== "" && (
        <Link className="small" href={href(`/rollouts/plano/${life.rolloutId}`)}>
          {t("prog.life.rollout")}
        </Link>
      )}
    </div>
  );
}

function Shares({ life }: { readonly life: Life }) {
  const { t, format } = useSpeech();
  if (life.variants.length === 0) return <span className="faint">{t("prog.life.none")}</span>;
  const names = life.variants.map((each) => each.variant).sort();
  return (
    <div className="life-shares">
      <div className="split-bar" aria-hidden="true">
        {life.variants.map((each) => (
          <span
            key={each.variant}
            className={`split ${colourOf(each.variant, names)}`}
            style={{ flexGrow: each.share }}
          />
        ))}
      </div>
      <span className="small">
        {life.variants
          .map((each) =>
            t("prog.life.share", {
              variant: each.variant || t("prog.life.noVariant"),
              share: format.percent(each.share, 0),
              exposures: format.number(each.exposures),
            }),
          )
          .join(", ")}
      </span>
    </div>
  );
}
