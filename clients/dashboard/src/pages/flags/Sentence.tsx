import type { Part } from "./sentences";
import type { Flag } from "./types";

const COLOURS = 4;

interface Props {
  readonly parts: readonly Part[];
  /** Those variants of the flag that have a colour each; others have none. */
  readonly variants: readonly string[];
}

/** Returns the names of the variants that have a colour: all but the off variant. */
export function coloured(flag: Flag): string[] {
  return flag.variants.map((variant) => variant.name).filter((name) => name !== flag.offVariant);
}

/** A sentence about a flag, with names, values and variants set apart. */
export function Sentence({ parts, variants }: Props) {
  return (
    <span className="sentence">
      {parts.map((part, index) => {
        if (part.kind === "text") return part.text;
        if (part.kind === "variant") return <VariantTag key={index} name={part.text} variants={variants} />;
        return (
          <code key={index} className={`word word-${part.kind}`}>
            {part.text}
          </code>
        );
      })}
    </span>
  );
}

/** The name of a variant, with its colour. */
export function VariantTag({ name, variants }: { readonly name: string; readonly variants: readonly string[] }) {
  return <code className={`variant ${colourOf(name, variants)}`}>{name}</code>;
}

/** The class that gives a variant its colour. */
export function colourOf(name: string, variants: readonly string[]): string {
  const at = variants.indexOf(name);
  return at < 0 ? "" : `tint-${at % COLOURS}`;
}
