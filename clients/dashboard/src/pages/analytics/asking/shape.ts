/** What can be asked of each report: one list of fields drives the form, the address and what is sent; pure. */
import type { PlainKey } from "../../../i18n/messages";
import type { Kind } from "./question";

interface Named {
  /** Of the question's own member. */
  readonly name: string;
  readonly label: PlainKey;
  readonly hint?: PlainKey;
}

/** A part of a question, and how it is asked for. */
export type FieldShape = Named &
  (
    | { readonly kind: "selection"; readonly without: "any" | "usual" | "nothing" }
    | { readonly kind: "steps" }
    | { readonly kind: "exclusions" }
    | { readonly kind: "events" }
    | { readonly kind: "property" }
    | { readonly kind: "properties" }
    | { readonly kind: "breakdown" }
    | { readonly kind: "duration" }
    | { readonly kind: "choice"; readonly options: readonly string[] }
    | { readonly kind: "number"; readonly most: number }
    | { readonly kind: "flag" }
  );

// What the contract takes when nothing is said comes first.
const DAYS = ["CALENDAR_UNIT_DAY", "CALENDAR_UNIT_WEEK", "CALENDAR_UNIT_MONTH"];
const WEEKS = ["CALENDAR_UNIT_WEEK", "CALENDAR_UNIT_DAY", "CALENDAR_UNIT_MONTH"];
const unit = (options: readonly string[]): FieldShape => ({ name: "unit", kind: "choice", label: "explore.field.unit", options });
const limit = (most: number): FieldShape => ({ name: "limit", kind: "number", label: "explore.field.limit", most });
const breakdown: FieldShape = { name: "breakdown", kind: "breakdown", label: "explore.field.breakdown" };
/** `without`: what an empty name means; all events, the usual one, or nothing, so that one has to be given. */
const selection = (name: string, label: PlainKey, without: "any" | "usual" | "nothing" = "any"): FieldShape => ({
  name,
  kind: "selection",
  label,
  without,
});
const property = (name: string, label: PlainKey): FieldShape => ({ name, kind: "property", label });

/** The fields of each report, in the order of its form. */
export const SHAPES: Readonly<Record<Kind, readonly FieldShape[]>> = {
  funnel: [
    { name: "steps", kind: "steps", label: "explore.field.steps" },
    { name: "window", kind: "duration", label: "explore.field.window", hint: "explore.hint.window" },
    {
      name: "entry",
      kind: "choice",
      label: "explore.field.entry",
      options: ["FUNNEL_ENTRY_ANY", "FUNNEL_ENTRY_FIRST"],
    },
    breakdown,
    unit(["CALENDAR_UNIT_UNSPECIFIED", "CALENDAR_UNIT_HOUR", ...DAYS]),
    { name: "exclusions", kind: "exclusions", label: "explore.field.exclusions" },
    { name: "strictOrder", kind: "flag", label: "explore.field.strictOrder" },
    { name: "strictDeduplication", kind: "flag", label: "explore.field.strictDeduplication" },
    { name: "strictIncrease", kind: "flag", label: "explore.field.strictIncrease" },
  ],
  retention: [
    selection("start", "explore.field.retentionStart"),
    selection("back", "explore.field.retentionBack"),
    {
      name: "cohort",
      kind: "choice",
      label: "explore.field.cohortKind",
      options: ["RETENTION_COHORT_KIND_FIRST_TIME", "RETENTION_COHORT_KIND_FIRST_EVER", "RETENTION_COHORT_KIND_RECURRING"],
    },
    {
      name: "returning",
      kind: "choice",
      label: "explore.field.returning",
      options: ["RETENTION_RETURN_IN_BUCKET", "RETENTION_RETURN_ON_OR_AFTER", "RETENTION_RETURN_ROLLING"],
    },
    unit(DAYS),
    { name: "offsets", kind: "number", label: "explore.field.offsets", most: 400 },
    { name: "includeStart", kind: "flag", label: "explore.field.includeStart" },
    breakdown,
  ],
  taskTime: [
    selection("start", "explore.field.taskStart", "nothing"),
    selection("end", "explore.field.taskEnd", "nothing"),
    { name: "within", kind: "duration", label: "explore.field.within", hint: "explore.hint.within" },
  ],
  exits: [selection("view", "explore.field.view", "usual"), property("screen", "explore.field.screen"), limit(200)],
  featureUse: [
    { name: "declaredInCatalogue", kind: "flag", label: "explore.field.declaredInCatalogue" },
    { name: "declared", kind: "events", label: "explore.field.declared" },
    limit(200),
  ],
  firstUse: [
    { name: "features", kind: "events", label: "explore.field.features" },
    selection("since", "explore.field.since"),
  ],
  series: [
    selection("selection", "explore.field.selection"),
    {
      name: "measure",
      kind: "choice",
      label: "explore.field.measure",
      options: ["SERIES_MEASURE_COUNT", "SERIES_MEASURE_ACTORS", "SERIES_MEASURE_SUM"],
    },
    property("property", "explore.field.sumOf"),
    unit(["CALENDAR_UNIT_HOUR", ...DAYS]),
    breakdown,
  ],
  stickiness: [
    selection("selection", "explore.field.selection"),
    unit(DAYS),
    { name: "powerFrom", kind: "number", label: "explore.field.powerFrom", most: 400 },
  ],
  lifecycle: [selection("selection", "explore.field.selection"), unit(WEEKS)],
  webVitals: [selection("event", "explore.field.event", "usual"), limit(200)],
  topValues: [
    selection("selection", "explore.field.selection"),
    { name: "properties", kind: "properties", label: "explore.field.properties" },
    limit(200),
  ],
  problems: [
    selection("problem", "explore.field.problem", "usual"),
    selection("exposed", "explore.field.exposed"),
    property("by", "explore.field.by"),
    limit(200),
  ],
  nps: [
    selection("answer", "explore.field.answer", "usual"),
    property("score", "explore.field.score"),
    property("survey", "explore.field.survey"),
    unit(WEEKS),
  ],
  revenueAssociation: [
    selection("feature", "explore.field.feature", "nothing"),
    {
      name: "unit",
      kind: "choice",
      label: "explore.field.revenueUnit",
      options: ["REVENUE_UNIT_ACTOR", "REVENUE_UNIT_TENANT"],
    },
    { name: "classes", kind: "number", label: "explore.field.classes", most: 10 },
  ],
  churn: [
    selection("activity", "explore.field.activity"),
    selection("errors", "explore.field.errors", "usual"),
    { name: "horizon", kind: "duration", label: "explore.field.horizon" },
    limit(1000),
  ],
  paths: [
    selection("anchor", "explore.field.anchor", "nothing"),
    {
      name: "direction",
      kind: "choice",
      label: "explore.field.direction",
      options: ["PATH_DIRECTION_AFTER", "PATH_DIRECTION_BEFORE"],
    },
    {
      name: "counted",
      kind: "choice",
      label: "explore.field.counted",
      options: ["PATH_COUNTED_ACTORS", "PATH_COUNTED_OCCURRENCES"],
    },
    { name: "depth", kind: "number", label: "explore.field.depth", most: 5 },
    { name: "excluded", kind: "events", label: "explore.field.excluded" },
    limit(30),
    { name: "gap", kind: "duration", label: "explore.field.gap" },
    { name: "collapse", kind: "flag", label: "explore.field.collapse" },
  ],
};

/** What the form of a report begins with. */
export const FIRST: Readonly<Record<Kind, unknown>> = {
  funnel: { steps: [{ event: "login_sucesso" }, { event: "venda_criada" }], window: "604800s" },
  retention: { unit: "CALENDAR_UNIT_WEEK", offsets: 8 },
  taskTime: { start: { event: "botao_nova_venda_clicado" }, end: { event: "venda_criada" }, within: "3600s" },
  exits: {},
  featureUse: { declaredInCatalogue: true },
  firstUse: { features: ["venda_criada"] },
  series: { selection: { event: "venda_criada" }, unit: "CALENDAR_UNIT_DAY" },
  stickiness: { unit: "CALENDAR_UNIT_DAY" },
  lifecycle: { unit: "CALENDAR_UNIT_WEEK" },
  webVitals: {},
  topValues: { selection: { event: "erro_frontend" }, properties: [{ name: "tipo" }, { name: "mensagem" }] },
  problems: {},
  nps: {},
  revenueAssociation: { feature: { event: "relatorio_gerado" } },
  churn: {},
  paths: { anchor: { event: "login_sucesso" }, excluded: ["flag_exposta", "presenca", "web_vital"], collapse: true },
};
