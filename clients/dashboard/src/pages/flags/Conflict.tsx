import { Button } from "../../components/Button";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { changesOf, merged, withFields } from "./changes";
import { Diff } from "./Diff";
import type { Draft } from "./drafts";
import type { FlagRecord } from "./types";

interface Props {
  readonly draft: Draft;
  /** The newer version. */
  readonly record: FlagRecord;
  /** With the draft on top of the newer version; undefined: it is given up. */
  readonly onChange: (draft: Draft | undefined) => void;
}

/** Somebody else changed the flag meanwhile: what they changed, and how to go on from there. */
export function Conflict({ draft, record, onChange }: Props) {
  const speech = useSpeech();
  const { t } = speech;
  const tell = useToast();
  const [base, theirs] = [draft.base.flag, record.flag];
  if (base === undefined || theirs === undefined) return null;
  const { flag, contested } = merged(base, draft.flag, theirs);
  const { version } = theirs;
  const join = (next: Draft["flag"]) => {
    onChange({ base: record, flag: next });
    tell(t("flags.conflict.joined", { version }));
  };
  const fields = contested.map((field) => t(`flags.field.${field}`)).join(", ");
  return (
    <section className="conflict stack" role="alert">
      <h2>{t("flags.conflict.title", { by: record.updatedBy })}</h2>
      <p>{t("flags.conflict.lead", { version })}</p>
      <Diff changes={changesOf(base, theirs, speech)} />
      {contested.length > 0 && (
        <p>
          <strong>{t("flags.conflict.both", { fields })}</strong>
        </p>
      )}
      <div className="row">
        {contested.length === 0 ? (
          <Button look="primary" onClick={() => join(flag)}>
            {t("flags.conflict.join")}
          </Button>
        ) : (
          <>
            <Button look="primary" onClick={() => join(flag)}>
              {t("flags.conflict.joinTheirs")}
            </Button>
            <Button onClick={() => join(withFields(flag, draft.flag, contested))}>{t("flags.conflict.joinMine")}</Button>
          </>
        )}
        <Button onClick={() => onChange(undefined)}>{t("flags.conflict.drop")}</Button>
      </div>
    </section>
  );
}
