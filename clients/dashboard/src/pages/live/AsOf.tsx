import { Badge } from "../../components/Badge";
import { useNow } from "../../components/now";
import { useSpeech } from "../../i18n/language";

/** A frame of each tenant comes at least every 5 seconds. */
const STALE_MS = 12_000;

interface Props {
  /** As of when the numbers are; undefined before the first ones. */
  readonly asOf: string | undefined;
  readonly receivedAt: Date | undefined;
  readonly open: boolean;
  readonly catchingUp: boolean;
}

/** As of when the numbers are, and whether they still move. */
export function AsOf({ asOf, receivedAt, open, catchingUp }: Props) {
  const { t, format } = useSpeech();
  const now = useNow(1000);
  if (asOf === undefined || receivedAt === undefined) return <span className="soft">{t("live.waiting")}</span>;
  const time = format.clock(new Date(asOf));
  const stale = !open || now.getTime() - receivedAt.getTime() > STALE_MS;
  return (
    <span className="row">
      <Badge tone={stale ? "bad" : catchingUp ? "warn" : "good"} dot>
        {stale ? t("live.stale", { time }) : t("live.asOf", { time })}
      </Badge>
      {catchingUp && <span className="small soft">{t("live.catchingUp")}</span>}
    </span>
  );
}
