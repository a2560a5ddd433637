import { Button } from "../../components/Button";
import { useSpeech } from "../../i18n/language";
import { replaced, without } from "./lists";
import type { Flag, FlagRecord } from "./types";

interface Props {
  readonly flag: Flag;
  /** All flags of the environment. */
  readonly others: readonly FlagRecord[];
  readonly onChange: (prerequisites: Flag["prerequisites"]) => void;
}

/** The flags that have to serve something first, as a form. */
export function PrerequisitesEditor({ flag, others, onChange }: Props) {
  const { t } = useSpeech();
  const { prerequisites } = flag;
  const known = new Map(others.flatMap((record) => (record.flag === undefined ? [] : [[record.flag.key, record.flag] as const])));
  const taken = new Set([flag.key, ...prerequisites.map((each) => each.flagKey)]);
  const free = [...known.keys()].filter((key) => !taken.has(key));
  const first = free[0];
  return (
    <div className="stack-tight">
      <p className="soft small">{t(prerequisites.length === 0 ? "flags.prerequisite.none" : "flags.prerequisite.lead")}</p>
      {prerequisites.map((needed, index) => {
        const change = (next: Partial<typeof needed>) => onChange(replaced(prerequisites, index, { ...needed, ...next }));
        const offered = new Set([...(known.get(needed.flagKey)?.variants.map((each) => each.name) ?? []), ...needed.variants]);
        const toggle = (name: string, on: boolean) =>
          change({ variants: [...offered].filter((each) => (each === name ? on : needed.variants.includes(each))) });
        return (
          <div key={index} className="condition prerequisite" role="group" aria-label={needed.flagKey}>
            <select
              className="input mono"
              aria-label={t("flags.prerequisite.flag")}
              value={needed.flagKey}
              onChange={(event) => change(wanting(event.target.value, known))}
            >
              {[needed.flagKey, ...free].map((key) => (
                <option key={key}>{key}</option>
              ))}
            </select>
            <fieldset className="row">
              <legend className="visually-hidden">{t("flags.prerequisite.variants")}</legend>
              <span className="soft small">{t("flags.prerequisite.variants")}</span>
              {[...offered].map((name) => (
                <label key={name} className="check">
                  <input
                    type="checkbox"
                    checked={needed.variants.includes(name)}
                    onChange={(event) => toggle(name, event.target.checked)}
                  />
                  <code>{name}</code>
                </label>
              ))}
            </fieldset>
            <Button
              look="quiet"
              icon="close"
              aria-label={t("flags.prerequisite.remove", { number: index + 1 })}
              onClick={() => onChange(without(prerequisites, index))}
            />
          </div>
        );
      })}
      <div>
        <Button
          icon="plus"
          disabled={first === undefined}
          onClick={() => first !== undefined && onChange([...prerequisites, wanting(first, known)])}
        >
          {t("flags.prerequisite.add")}
        </Button>
      </div>
    </div>
  );
}

/** A flag as a prerequisite: it has to serve anything but its off variant. */
function wanting(flagKey: string, known: ReadonlyMap<string, Flag>): Flag["prerequisites"][number] {
  const other = known.get(flagKey);
  const variants = (other?.variants ?? []).map((each) => each.name).filter((name) => name !== other?.offVariant);
  return { flagKey, variants };
}
