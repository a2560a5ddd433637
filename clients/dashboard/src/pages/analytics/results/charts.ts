/** What is drawn of results with labels side by side; pure. */
import type { Message } from "../../../api/methods";
import type { CategorySeries } from "../../../components/chart/categories";
import type { Speech } from "../../../i18n/language";
import { count } from "../asking/question";
import { dateText, groupName } from "./model";

const COLOURS = ["chart-1", "chart-2", "chart-3", "chart-4"] as const;

/** More groups could not be told apart. */
export const DRAWN_GROUPS = COLOURS.length;

/** What a chart needs. */
export interface Drawn {
  readonly labels: readonly string[];
  readonly series: readonly CategorySeries[];
  readonly open: readonly boolean[];
}

/** Returns a series over time with the period before as dashes, or its largest groups. */
export function seriesChart(
  result: Message<"SeriesResult">,
  previous: Message<"SeriesResult"> | undefined,
  name: string,
  speech: Speech,
): Drawn {
  const { t } = speech;
  const few = result.points.length <= 40;
  // One group is all there is: it can be compared as a whole.
  const only = result.groups.length === 1 ? result.groups[0] : undefined;
  const points = only?.points ?? result.points;
  const label = only === undefined ? name : groupName(only.group, speech);
  const whole: CategorySeries[] = [
    { label, values: points.map((each) => Number(each.value)), colour: "chart-1", kind: few ? "bars" : "line" },
  ];
  if (previous !== undefined) {
    const before = only === undefined ? previous.points : groupOf(previous, only)?.points;
    const values = points.map((_, index) => {
      const point = before?.[index];
      return point === undefined ? null : Number(point.value);
    });
    whole.push({ label: t("ana.series.previous"), values, colour: "chart-muted", kind: "dashed" });
  }
  const groups = COLOURS.flatMap((colour, index): CategorySeries[] => {
    const group = result.groups[index];
    if (group === undefined) return [];
    const values = group.points.map((each) => Number(each.value));
    return [{ label: groupName(group.group, speech), values, colour, kind: "line" }];
  });
  return {
    labels: result.points.map((each) => dateText(each.label, speech)),
    series: groups.length > 1 ? groups : whole,
    open: result.points.map((each) => each.incomplete),
  };
}

function groupOf(result: Message<"SeriesResult">, like: Message<"SeriesGroup">): Message<"SeriesGroup"> | undefined {
  return result.groups.find(({ group }) => group?.value === like.group?.value && group?.others === like.group?.others);
}

/** Returns the lifecycle: those who went stand below the line. */
export function lifecycleChart(result: Message<"LifecycleResult">, speech: Speech): Drawn {
  const { t } = speech;
  const { buckets } = result;
  const bars = (label: string, colour: CategorySeries["colour"], values: number[]): CategorySeries => ({
    label,
    values,
    colour,
    kind: "bars",
  });
  return {
    labels: buckets.map((each) => dateText(each.label, speech)),
    series: [
      bars(t("ana.lifecycle.returning"), "chart-1", buckets.map((each) => count(each.returning))),
      bars(t("ana.lifecycle.new"), "chart-4", buckets.map((each) => count(each.new))),
      bars(t("ana.lifecycle.resurrecting"), "chart-3", buckets.map((each) => count(each.resurrecting))),
      bars(t("ana.lifecycle.dormant"), "chart-2", buckets.map((each) => -count(each.dormant))),
    ],
    open: buckets.map((each) => each.incomplete),
  };
}

/** Returns how many people were active on how many days; casual ones in another colour than power users. */
export function stickinessChart(result: Message<"StickinessResult">, { t }: Speech): Drawn {
  const power = (units: number) => units >= result.powerFrom;
  const bars = (label: string, colour: CategorySeries["colour"], wanted: boolean): CategorySeries => ({
    label,
    values: result.distribution.map((each) => (power(each.units) === wanted ? count(each.actors) : null)),
    colour,
    kind: "bars",
  });
  return {
    labels: result.distribution.map((each) => String(each.units)),
    series: [bars(t("ana.stickiness.casual"), "chart-muted", false), bars(t("ana.stickiness.power"), "chart-1", true)],
    open: [],
  };
}

/** Returns the net promoter score over time. */
export function npsChart(result: Message<"NpsResult">, speech: Speech): Drawn {
  return {
    labels: result.buckets.map((each) => dateText(each.label, speech)),
    series: [
      {
        label: speech.t("ana.fact.nps"),
        values: result.buckets.map((each) => each.answers?.score ?? null),
        colour: "chart-1",
        kind: "line",
      },
    ],
    open: result.buckets.map((each) => each.incomplete),
  };
}

/** Returns what a model of churn predicted of each tenth of people, and what came. */
export function churnChart(result: Message<"ChurnResult">, { t }: Speech): Drawn {
  const rows = result.validation?.calibration ?? [];
  return {
    labels: rows.map((_, index) => String(index + 1)),
    series: [
      { label: t("ana.churn.observed"), values: rows.map((each) => each.observed), colour: "chart-1", kind: "bars" },
      { label: t("ana.churn.predicted"), values: rows.map((each) => each.predicted), colour: "chart-2", kind: "dashed" },
    ],
    open: [],
  };
}

/** Returns the conversion of a funnel by when people entered it. */
export function funnelChart(result: Message<"FunnelResult">, speech: Speech): Drawn {
  return {
    labels: result.buckets.map((each) => dateText(each.label, speech)),
    series: [
      {
        label: speech.t("ana.column.conversion"),
        values: result.buckets.map(({ actors }) => (count(actors[0]) === 0 ? null : count(actors.at(-1)) / count(actors[0]))),
        colour: "chart-1",
        kind: "line",
      },
    ],
    open: result.buckets.map((each) => each.incomplete),
  };
}
