/** What all charts have in common, and what keeps one of them drawn on a canvas. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import { type RefObject, useEffect, useRef } from "react";
import { useIsDark } from "../../shell/theme";
import { type Palette, palette } from "./palette";

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);
Chart.defaults.animation = false;

/**
 * Draws a chart on the canvas of the returned reference, and draws it again when the configuration or the theme changes.
 *
 * @param configure - makes the configuration with the colours of the theme; memoised by the caller
 */
export function useDrawing<Datum>(
  configure: (colours: Palette) => ChartConfiguration<"line" | "bar", Datum, string>,
): RefObject<HTMLCanvasElement | null> {
  const dark = useIsDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"line" | "bar", Datum, string>>(undefined);
  useEffect(() => {
    if (canvas.current === null) return;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const configuration = configure(palette());
    if (chart.current === undefined) {
      chart.current = new Chart(canvas.current, configuration);
    } else {
      chart.current.data = configuration.data;
      chart.current.options = configuration.options ?? {};
      chart.current.update("none");
    }
    // `dark` stands for the colours.
  }, [configure, dark]);
  useEffect(
    () => () => {
      chart.current?.destroy();
      chart.current = undefined;
    },
    [],
  );
  return canvas;
}

/** How the numbers on axes look. */
export function ticksOf(colours: Palette) {
  return { color: colours("ink-faint"), font: { size: 11 } };
}

/** How the box of numbers at the pointer looks. */
export function tooltipOf(colours: Palette) {
  return {
    backgroundColor: colours("ink"),
    titleColor: colours("surface-card"),
    bodyColor: colours("surface-card"),
    padding: 10,
    cornerRadius: 6,
    boxPadding: 4,
  };
}
