import { Button } from "../../components/Button";
import { Chips } from "../../components/Chips";
import { useSpeech } from "../../i18n/language";
import { AttributeInput } from "./AttributeInput";
import { replaced, without } from "./lists";
import type { Flag } from "./types";
import { VariantSelect } from "./VariantSelect";
import type { Vocabulary } from "./vocabulary";

interface Props {
  readonly flag: Flag;
  readonly vocabulary: Vocabulary;
  readonly onChange: (targets: Flag["targets"]) => void;
}

/** Individual targets as a form. */
export function TargetsEditor({ flag, vocabulary, onChange }: Props) {
  const { t } = useSpeech();
  const { targets } = flag;
  const variant = flag.variants.find((each) => each.name !== flag.offVariant)?.name ?? flag.offVariant;
  return (
    <div className="stack-tight">
      <p className="soft small">{t(targets.length === 0 ? "flags.target.none" : "flags.target.lead")}</p>
      {targets.map((target, index) => {
        const change = (next: Partial<typeof target>) => onChange(replaced(targets, index, { ...target, ...next }));
        return (
          <div key={index} className="condition target" role="group" aria-label={`${t("flags.field.targets")} ${index + 1}`}>
            <AttributeInput
              label={t("flags.condition.attribute")}
              known={vocabulary.attributes}
              value={target.attribute}
              onChange={(attribute) => change({ attribute })}
            />
            <VariantSelect
              label={t("flags.serve.kind")}
              flag={flag}
              chosen={target.variant}
              onChoose={(chosen) => change({ variant: chosen })}
            />
            <Chips label={t("flags.condition.values")} values={target.values} onChange={(values) => change({ values })} />
            <Button
              look="quiet"
              icon="close"
              aria-label={t("flags.target.remove", { number: index + 1 })}
              onClick={() => onChange(without(targets, index))}
            />
          </div>
        );
      })}
      <div>
        <Button icon="plus" onClick={() => onChange([...targets, { attribute: "targeting_key", variant, values: [] }])}>
          {t("flags.target.add")}
        </Button>
      </div>
    </div>
  );
}
