import { Button } from "../../components/Button";
import { Field } from "../../components/Field";
import { Segmented } from "../../components/Segmented";
import { useSpeech } from "../../i18n/language";
import { AttributeInput } from "./AttributeInput";
import { withoutMember } from "./lists";
import { coloured, VariantTag } from "./Sentence";
import { ShareInput } from "./ShareInput";
import { equalWeights, WHOLE, withWeight } from "./shares";
import { SplitBar } from "./SplitBar";
import type { Flag, Rollout, Serve } from "./types";
import { VariantSelect } from "./VariantSelect";
import type { Vocabulary } from "./vocabulary";

interface Props {
  readonly serve: Serve;
  readonly flag: Flag;
  readonly vocabulary: Vocabulary;
  /** What becomes of those who do not take part. */
  readonly coverageHint: string;
  readonly onChange: (serve: Serve) => void;
}

/** What is served: one variant, or a share each. */
export function ServeEditor(props: Props) {
  const { serve, flag, onChange } = props;
  const { t } = useSpeech();
  const names = flag.variants.map((variant) => variant.name);
  const { rollout } = serve;
  const choose = (kind: "variant" | "rollout") => {
    if (kind === "rollout" && rollout === undefined) onChange({ rollout: fresh(names, serve.variant) });
    if (kind === "variant" && rollout !== undefined) onChange({ variant: likeliest(rollout) ?? names[0] ?? "" });
  };
  return (
    <div className="stack-tight">
      <div className="row">
        <Segmented
          label={t("flags.serve.kind")}
          options={[
            { key: "variant", label: t("flags.serve.variant") },
            { key: "rollout", label: t("flags.serve.rollout") },
          ]}
          chosen={rollout === undefined ? "variant" : "rollout"}
          onChoose={choose}
        />
        {rollout === undefined && (
          <VariantSelect
            label={t("flags.serve.variant")}
            flag={flag}
            chosen={serve.variant ?? ""}
            onChoose={(variant) => onChange({ variant })}
          />
        )}
      </div>
      {rollout !== undefined && <RolloutEditor {...props} rollout={rollout} names={names} />}
    </div>
  );
}

function fresh(names: readonly string[], first: string | undefined): Rollout {
  return { bucketBy: "", splits: names.map((variant) => ({ variant, weight: variant === first ? WHOLE : 0 })) };
}

function likeliest(rollout: Rollout): string | undefined {
  return [...rollout.splits].sort((a, b) => b.weight - a.weight)[0]?.variant;
}

interface RolloutProps extends Props {
  readonly rollout: Rollout;
  readonly names: readonly string[];
}

function RolloutEditor({ rollout, flag, names, vocabulary, coverageHint, onChange }: RolloutProps) {
  const { t } = useSpeech();
  const tints = coloured(flag);
  const change = (next: Partial<Rollout>) => onChange({ rollout: { ...rollout, ...next } });
  // Variants that take no part yet are shown with nothing, and are left out again while they have nothing.
  const shown = [...new Set([...rollout.splits.map((split) => split.variant), ...names])];
  const weights = shown.map((name) => rollout.splits.find((split) => split.variant === name)?.weight ?? 0);
  const weigh = (next: readonly number[]) => {
    const splits = shown.map((variant, index) => ({ variant, weight: next[index] ?? 0 }));
    const before = new Set(rollout.splits.map((split) => split.variant));
    change({ splits: splits.filter((split) => split.weight > 0 || before.has(split.variant)) });
  };
  return (
    <div className="rollout stack-tight">
      <ul className="splits">
        {shown.map((name, index) => (
          <li key={name}>
            <VariantTag name={name} variants={tints} />
            <ShareInput
              label={t("flags.serve.share", { variant: name })}
              weight={weights[index] ?? 0}
              onChange={(weight) => weigh(withWeight(weights, index, weight))}
            />
          </li>
        ))}
      </ul>
      <SplitBar rollout={rollout} names={tints} />
      <div className="row small">
        <span className="soft">{t("flags.serve.sum")}</span>
        <Button look="quiet" onClick={() => weigh(equalWeights(shown.length))}>
          {t("flags.serve.equal")}
        </Button>
      </div>
      <div className="rollout-more">
        <Field label={t("flags.serve.coverage")} hint={coverageHint}>
          {() => (
            <ShareInput
              label={t("flags.serve.coverage")}
              weight={rollout.coverage ?? WHOLE}
              onChange={(coverage) => onChange({ rollout: covering(rollout, coverage) })}
            />
          )}
        </Field>
        <Field label={t("flags.serve.bucketBy")} hint={t("flags.serve.bucketByHint")}>
          {() => (
            <AttributeInput
              label={t("flags.serve.bucketBy")}
              placeholder="targeting_key"
              known={vocabulary.attributes}
              value={rollout.bucketBy}
              onChange={(bucketBy) => change({ bucketBy })}
            />
          )}
        </Field>
      </div>
      <Layer rollout={rollout} onChange={(next) => onChange({ rollout: next })} />
    </div>
  );
}

/** Everybody is told by no coverage at all. */
function covering(rollout: Rollout, coverage: number): Rollout {
  return coverage === WHOLE ? withoutMember(rollout, "coverage") : { ...rollout, coverage };
}

interface LayerProps {
  readonly rollout: Rollout;
  readonly onChange: (rollout: Rollout) => void;
}

function Layer({ rollout, onChange }: LayerProps) {
  const { t } = useSpeech();
  const { range, ...rest } = rollout;
  const change = (next: Partial<NonNullable<Rollout["range"]>>) =>
    range !== undefined && onChange({ ...rest, range: { ...range, ...next } });
  return (
    <>
      <label className="check small">
        <input
          type="checkbox"
          checked={range !== undefined}
          onChange={(event) => onChange(event.target.checked ? { ...rest, range: { salt: "", start: 0, end: WHOLE } } : rest)}
        />
        {t("flags.serve.layer")}
      </label>
      {range !== undefined && (
        <div className="rollout-more">
          <Field label={t("flags.serve.salt")}>
            {(control) => (
              <input {...control} value={range.salt} onChange={(event) => change({ salt: event.target.value })} />
            )}
          </Field>
          {(["start", "end"] as const).map((side) => (
            <Field key={side} label={t(side === "start" ? "flags.serve.from" : "flags.serve.to")}>
              {(control) => (
                <input
                  {...control}
                  type="number"
                  min={0}
                  max={WHOLE}
                  value={range[side]}
                  onChange={(event) => change({ [side]: Math.trunc(event.target.valueAsNumber) || 0 })}
                />
              )}
            </Field>
          ))}
        </div>
      )}
    </>
  );
}
