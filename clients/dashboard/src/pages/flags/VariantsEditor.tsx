import { useState } from "react";
import { Button } from "../../components/Button";
import { useSpeech } from "../../i18n/language";
import { replaced, without } from "./lists";
import type { Flag, Variant } from "./types";
import { readAs, typedOf } from "./variantTexts";

interface Props {
  readonly type: Flag["type"];
  readonly variants: readonly Variant[];
  readonly onChange: (variants: Variant[]) => void;
}

const WRONG = {
  FLAG_TYPE_UNSPECIFIED: "flags.variant.badJson",
  FLAG_TYPE_BOOL: "flags.variant.badJson",
  FLAG_TYPE_STRING: "flags.variant.badJson",
  FLAG_TYPE_INTEGER: "flags.variant.badInteger",
  FLAG_TYPE_DOUBLE: "flags.variant.badNumber",
  FLAG_TYPE_JSON: "flags.variant.badJson",
} as const;

/** The values that a flag can have, as a form. */
export function VariantsEditor({ type, variants, onChange }: Props) {
  const { t } = useSpeech();
  const add = () => {
    const taken = new Set(variants.map((each) => each.name));
    let number = variants.length + 1;
    while (taken.has(`v${number}`)) number += 1;
    onChange([...variants, { name: `v${number}`, value: emptyOf(type), description: "" }]);
  };
  return (
    <div className="stack-tight">
      {variants.map((variant, index) => {
        const change = (next: Partial<Variant>) => onChange(replaced(variants, index, { ...variant, ...next }));
        return (
          <div key={index} className="condition variant-form" role="group" aria-label={variant.name}>
            <input
              className="input mono"
              aria-label={t("flags.variant.name")}
              placeholder={t("flags.variant.name")}
              value={variant.name}
              onChange={(event) => change({ name: event.target.value })}
            />
            <ValueInput type={type} variant={variant} onChange={(value) => change({ value })} />
            <input
              className="input"
              aria-label={t("flags.variant.description")}
              placeholder={t("flags.variant.description")}
              value={variant.description}
              onChange={(event) => change({ description: event.target.value })}
            />
            <Button
              look="quiet"
              icon="close"
              aria-label={t("action.remove")}
              disabled={variants.length === 1}
              onClick={() => onChange(without(variants, index))}
            />
          </div>
        );
      })}
      {type !== "FLAG_TYPE_BOOL" && (
        <div>
          <Button icon="plus" onClick={add}>
            {t("flags.variant.add")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** A first value of a type. */
export function emptyOf(type: Flag["type"]): NonNullable<Variant["value"]> {
  return readAs(type === "FLAG_TYPE_JSON" ? "{}" : type === "FLAG_TYPE_STRING" ? "" : "0", type) ?? { boolValue: false };
}

interface ValueProps {
  readonly type: Flag["type"];
  readonly variant: Variant;
  readonly onChange: (value: NonNullable<Variant["value"]>) => void;
}

function ValueInput({ type, variant, onChange }: ValueProps) {
  const { t } = useSpeech();
  const [typed, setTyped] = useState<string>();
  const text = typed ?? typedOf(variant.value, type);
  const wrong = readAs(text, type) === undefined;
  const control = {
    className: "input mono",
    "aria-label": t("flags.variant.value"),
    "aria-invalid": wrong,
    title: wrong ? t(WRONG[type]) : undefined,
    value: text,
    placeholder: t("flags.variant.value"),
    spellCheck: false,
    onChange: (event: { target: { value: string } }) => {
      setTyped(event.target.value);
      const value = readAs(event.target.value, type);
      if (value !== undefined) onChange(value);
    },
    onBlur: () => setTyped(undefined),
  };
  if (type === "FLAG_TYPE_BOOL") return <code>{text}</code>;
  return type === "FLAG_TYPE_JSON" ? <textarea rows={3} {...control} /> : <input {...control} />;
}
