/** What the reports on journeys say; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import { count } from "../asking/question";
import { bucketName, groupName, type ResultTable, type ResultText } from "./model";

/** Returns what a funnel says. */
export function funnelText(result: Message<"FunnelResult">, speech: Speech): ResultText {
  const { t, counted } = speech;
  const [first, last] = [result.steps[0], result.steps.at(-1)];
  const steps: ResultTable = {
    title: t("ana.funnel.steps"),
    columns: [
      { title: t("ana.column.step"), format: "text" },
      { title: t("ana.column.people"), format: "count" },
      { title: t("ana.column.fromPrevious"), format: "share" },
      { title: t("ana.column.overall"), format: "share" },
      { title: t("ana.column.dropped"), format: "count" },
    ],
    rows: result.steps.map((step, index) => {
      const next = result.steps[index + 1];
      const dropped = next === undefined ? undefined : count(step.actors) - count(next.actors);
      const share = index === 0 ? undefined : step.fromPrevious;
      return [stepName(step, index), count(step.actors), share, step.overall, dropped];
    }),
  };
  const perStep = (actors: readonly string[]) => {
    const [entered, converted] = [count(actors[0]), count(actors.at(-1))];
    return [...actors.map(count), entered === 0 ? undefined : converted / entered];
  };
  const columns = (name: string) => [
    { title: name, format: "text" as const },
    ...result.steps.map((step, index) => ({ title: stepName(step, index), format: "count" as const })),
    { title: t("ana.column.conversion"), format: "share" as const },
  ];
  const groups: ResultTable = {
    title: t("ana.funnel.groups"),
    always: true,
    columns: columns(t("ana.column.group")),
    rows: result.groups.map((each) => [groupName(each.group, speech), ...perStep(each.actors)]),
  };
  const buckets: ResultTable = {
    title: t("ana.funnel.buckets"),
    columns: columns(t("ana.column.bucket")),
    rows: result.buckets.map((each) => [bucketName(each.label, each.incomplete, speech), ...perStep(each.actors)]),
  };
  return {
    facts: [
      { label: t("ana.fact.conversion"), value: last?.overall, format: "share" },
      { label: t("ana.fact.entered"), value: count(first?.actors), format: "count" },
      { label: t("ana.fact.converted"), value: count(last?.actors), format: "count" },
      { label: t("ana.fact.medianTime"), value: result.timeToConvert?.median, format: "seconds" },
    ],
    tables: [steps, ...[groups, buckets].filter((each) => each.rows.length > 0)],
    notes: [
      ...(result.incomplete && count(result.mayStillConvert) > 0 ? [counted("ana.note.mayStillConvert", count(result.mayStillConvert))] : []),
      ...(count(result.excluded) > 0 ? [counted("ana.note.excluded", count(result.excluded))] : []),
      ...valuesNote(result.values, result.groups.length, speech),
    ],
  };
}

function stepName({ event }: Message<"FunnelStep">, index: number): string {
  return `${index + 1}.\u00a0${event}`;
}

/** Says how many values of a breakdown have no row of their own. */
export function valuesNote(values: string | undefined, rows: number, { counted }: Speech): string[] {
  return values === undefined || count(values) <= rows ? [] : [counted("ana.note.values", count(values))];
}

/** The offsets of which people speak. */
const SPOKEN = [1, 7, 30];

/** Returns how an offset is called: D7 of days, S7 of weeks, M7 of months. */
export function offsetName(offset: number, unit: Unit | undefined, { t }: Speech): string {
  if (unit === "CALENDAR_UNIT_WEEK") return t("ana.fact.afterWeeks", { offset });
  if (unit === "CALENDAR_UNIT_MONTH") return t("ana.fact.afterMonths", { offset });
  return t("ana.fact.afterDays", { offset });
}

type Unit = Message<"CalendarUnit">;

/**
 * Returns what retention says.
 *
 * @param unit - of the question
 */
export function retentionText(result: Message<"RetentionResult">, speech: Speech, unit?: Unit): ResultText {
  const { t } = speech;
  const known = result.shares.filter((each) => each.offset > 0 && each.share !== undefined);
  const spoken = known.filter((each) => SPOKEN.includes(each.offset));
  const facts = (spoken.length > 1 ? spoken : known.slice(0, 3)).map((each) => ({
    label: offsetName(each.offset, unit, speech),
    value: each.share,
    format: "share" as const,
  }));
  const shares: ResultTable = {
    title: t("ana.retention.shares"),
    columns: [
      { title: t("ana.column.offset"), format: "text" },
      { title: t("ana.column.people"), format: "count" },
      { title: t("ana.column.returned"), format: "count" },
      { title: t("ana.column.share"), format: "share" },
    ],
    rows: result.shares.map((each) => [offsetName(each.offset, unit, speech), count(each.actors), count(each.returned), each.share]),
  };
  const groups: ResultTable = {
    title: t("ana.retention.groups"),
    always: true,
    columns: [
      { title: t("ana.column.group"), format: "text" },
      { title: t("ana.column.people"), format: "count" },
      ...known.map((each) => ({ title: offsetName(each.offset, unit, speech), format: "share" as const })),
    ],
    rows: result.groups.map((each) => [
      groupName(each.group, speech),
      count(each.actors),
      ...known.map(({ offset }) => each.shares.find((share) => share.offset === offset)?.share),
    ]),
  };
  const people = result.cohorts.reduce((sum, each) => sum + count(each.actors), 0);
  return {
    facts: [{ label: t("ana.fact.inCohorts"), value: people, format: "count" }, ...facts],
    tables: groups.rows.length > 0 ? [shares, groups] : [shares],
    notes: [
      t(`ana.retention.mode.${result.returning}`),
      t(`ana.retention.cohort.${result.cohort}`),
      ...valuesNote(result.values, result.groups.length, speech),
    ],
  };
}

/** Returns what the times of a task say. */
export function taskTimeText(result: Message<"TaskTimeResult">, { t }: Speech): ResultText {
  const facts = [
    { label: t("ana.fact.median"), value: result.time?.median, format: "seconds" as const },
    { label: t("ana.fact.mean"), value: result.time?.mean, format: "seconds" as const },
    { label: t("ana.fact.p90"), value: result.time?.p90, format: "seconds" as const },
    { label: t("ana.fact.abandoned"), value: result.abandoned, format: "share" as const },
  ];
  return {
    facts,
    tables: [
      {
        title: t("ana.task.counts"),
        columns: [
          { title: t("ana.column.what"), format: "text" },
          { title: t("ana.column.count"), format: "count" },
        ],
        rows: [
          [t("ana.fact.started"), count(result.started)],
          [t("ana.fact.completed"), count(result.completed)],
          [t("ana.fact.people"), count(result.actors)],
        ],
      },
    ],
    notes: result.incomplete ? [t("ana.note.tasksOpen")] : [],
  };
}

/** Returns what the ends of sessions say. */
export function exitsText(result: Message<"ExitsResult">, { t, counted }: Speech): ResultText {
  return {
    facts: [
      { label: t("ana.fact.sessions"), value: count(result.sessions), format: "count" },
      { label: t("ana.fact.screens"), value: count(result.count), format: "count" },
    ],
    tables: [
      {
        title: t("ana.exits.screens"),
        columns: [
          { title: t("ana.column.screen"), format: "text" },
          { title: t("ana.column.sessions"), format: "bar" },
          { title: t("ana.column.ended"), format: "count" },
          { title: t("ana.column.abandonment"), format: "share" },
        ],
        rows: result.screens.map((each) => [each.screen, count(each.sessions), count(each.ended), each.abandonment]),
      },
    ],
    notes: count(result.withoutSession) > 0 ? [counted("ana.note.withoutSession", count(result.withoutSession))] : [],
  };
}
