/** Variants that get other names; pure. */
import type { Flag, Serve, Variant } from "./types";

/** Returns the flag with other variants. Where one has a new name, all that names it follows. */
export function withVariants(flag: Flag, variants: Variant[]): Flag {
  const next = { ...flag, variants };
  if (variants.length !== flag.variants.length) return next;
  const at = variants.findIndex((each, index) => each.name !== flag.variants[index]?.name);
  const [from, to] = [flag.variants[at]?.name, variants[at]?.name];
  // Two of the same name, while one is typed, would become one for ever.
  if (from === undefined || to === undefined || flag.variants.filter((each) => each.name === from).length > 1) return next;
  const name = (variant: string) => (variant === from ? to : variant);
  return {
    ...next,
    offVariant: name(flag.offVariant),
    targets: flag.targets.map((target) => ({ ...target, variant: name(target.variant) })),
    rules: flag.rules.map((rule) => (rule.serve === undefined ? rule : { ...rule, serve: renamed(rule.serve, name) })),
    ...(flag.fallthrough === undefined ? {} : { fallthrough: renamed(flag.fallthrough, name) }),
  };
}

function renamed({ variant, rollout }: Serve, name: (variant: string) => string): Serve {
  if (rollout === undefined) return variant === undefined ? {} : { variant: name(variant) };
  return { rollout: { ...rollout, splits: rollout.splits.map((split) => ({ ...split, variant: name(split.variant) })) } };
}
