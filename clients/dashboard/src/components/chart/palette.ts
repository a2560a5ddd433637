/** The colours of charts, as the design tokens have them now. */

/** Tokens that charts may use, without their dashes. */
export type ChartColour =
  | "chart-1"
  | "chart-2"
  | "chart-3"
  | "chart-4"
  | "chart-fill"
  | "chart-band"
  | "chart-muted"
  | "chart-grid"
  | "line-strong"
  | "good"
  | "ink"
  | "ink-soft"
  | "ink-faint"
  | "surface-card"
  | "bad"
  | "warn";

/** Gives the colour of a token. */
export type Palette = (colour: ChartColour) => string;

/** Returns what reads tokens. They may depend on the theme, so only a computed colour says what they are. */
export function palette(): Palette {
  const known = new Map<ChartColour, string>();
  return (colour) => {
    const before = known.get(colour);
    if (before !== undefined) return before;
    const probe = document.createElement("i");
    probe.style.color = `var(--${colour})`;
    document.body.append(probe);
    const computed = getComputedStyle(probe).color;
    probe.remove();
    known.set(colour, computed);
    return computed;
  };
}
