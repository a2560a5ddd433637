import { prettyJsonOf } from "../../api/values";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { coloured, VariantTag } from "./Sentence";
import type { Flag, FlagRecord } from "./types";

interface Props {
  readonly record: FlagRecord;
  readonly flag: Flag;
  /** Without it the flag cannot be archived. */
  readonly onArchive?: () => void;
}

/** What the flag is, whose it is, and the values that it can have. */
export function Facts({ record, flag, onArchive }: Props) {
  const { t, format } = useSpeech();
  const names = coloured(flag);
  const at = (time: string | undefined) => (time === undefined ? "" : format.dateTime(new Date(time), new Date()));
  return (
    <>
      <Card className="span-8" title={t("flags.variants")} flush>
        <ul className="lines">
          {flag.variants.map((variant) => (
            <li key={variant.name} className="variant-line">
              <VariantTag name={variant.name} variants={names} />
              <pre className="variant-value">{prettyJsonOf(variant.value)}</pre>
              <span className="soft">{variant.description}</span>
            </li>
          ))}
        </ul>
      </Card>
      <Card className="span-4" title={t("flags.facts")}>
        <dl className="facts">
          <dt>{t("flags.fact.type")}</dt>
          <dd>{t(`flags.type.${flag.type}`)}</dd>
          <dt>{t("flags.fact.owner")}</dt>
          <dd>{flag.owner || <span className="faint">{t("flags.nobody")}</span>}</dd>
          <dt>{t("flags.fact.tags")}</dt>
          <dd className="row">
            {flag.tags.length === 0 && NOTHING}
            {flag.tags.map((tag) => (
              <Badge key={tag}>{tag}</Badge>
            ))}
          </dd>
          <dt>{t("flags.fact.visible")}</dt>
          <dd>{t(flag.clientVisible ? "flags.fact.visible.yes" : "flags.fact.visible.no")}</dd>
          <dt>{t("flags.fact.created")}</dt>
          <dd>{at(record.createdAt)}</dd>
          <dt>{t("flags.fact.changed")}</dt>
          <dd>
            {at(record.updatedAt)} {t("flags.changedBy", { by: record.updatedBy })}
          </dd>
          <dt>{t("flags.fact.version")}</dt>
          <dd>{flag.version}</dd>
        </dl>
        {onArchive !== undefined && (
          <Button look="quiet" className="archive" onClick={onArchive}>
            {t("flags.archive")}
          </Button>
        )}
      </Card>
    </>
  );
}
