import { useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { useNow } from "../../components/now";
import { problemText } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { evaluatedWithin, exposuresOf } from "../programme/lives";

interface Props {
  readonly environment: string;
  readonly flagKey: string;
}

/** Within so many days an evaluation is a reason to wait. */
const RECENT_DAYS = 7;

/** Says before a flag is archived whether somebody still evaluates it, as far as clients recorded it. */
export function ArchiveWarning({ environment, flagKey }: Props) {
  const request = { environment, flagKeys: [flagKey], days: RECENT_DAYS };
  const { data, problem } = useCall("mirante.api.metrics.v1.ProgrammeService/ListFlagLifecycles", request);
  const { t } = useSpeech();
  const reason = problem === undefined ? data?.exposuresUnknown : problemText(problem, t);
  const life = data?.flags.find((each) => each.flagKey === flagKey);
  return (
    <div role="status">
      {reason !== undefined && reason !== "" ? (
        <p className="soft">{t("prog.archive.unknown", { reason })}</p>
      ) : data === undefined ? (
        <p className="soft">{t("prog.archive.asking")}</p>
      ) : (
        <Evaluations life={life} />
      )}
    </div>
  );
}

function Evaluations({ life }: { readonly life: Message<"FlagLifecycle"> | undefined }) {
  const { t, counted, format } = useSpeech();
  const now = useNow(30_000);
  if (life?.lastEvaluatedAt === undefined || !evaluatedWithin(life, RECENT_DAYS, now)) {
    return <p className="soft">{t("prog.archive.quiet")}</p>;
  }
  const shares = life.variants.map((each) =>
    t("prog.life.share", {
      variant: each.variant || t("prog.life.noVariant"),
      share: format.percent(each.share, 0),
      exposures: format.number(each.exposures),
    }),
  );
  return (
    <div className="archive-warning">
      <strong>{t("prog.archive.recent", { when: format.ago(new Date(life.lastEvaluatedAt), now) })}</strong>
      {shares.length > 0 && (
        <p>
          {counted("prog.archive.exposures", Number(exposuresOf(life)))} {shares.join(", ")}.
        </p>
      )}
      <p>{t("prog.archive.lead")}</p>
    </div>
  );
}
