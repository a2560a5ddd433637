/** Questions to the analytics store, and what they are about; pure. */
import type { Message, RequestOf } from "../../../api/methods";

/** The service that answers. */
export const SERVICE = "mirante.api.metrics.v1.AnalyticsService";

/** A question as it is asked: what is not said is as the contract has it. */
export type Question = NonNullable<RequestOf<`${typeof SERVICE}/RunReport`>["question"]>;
/** Whose events a question looks at, and of when. */
export type Scope = NonNullable<Question["scope"]>;
/** A condition on one property. */
export type Filter = NonNullable<Scope["filters"]>[number];
/** Events of one name that fulfil all filters. */
export type Selection = NonNullable<NonNullable<Question["taskTime"]>["start"]>;
/** A property of events. */
export type Property = NonNullable<Filter["property"]>;
/** A split by the values of a property. */
export type Breakdown = NonNullable<NonNullable<Question["funnel"]>["breakdown"]>;
/** Events that end chains of a funnel. */
export type Exclusion = NonNullable<NonNullable<Question["funnel"]>["exclusions"]>[number];
/** What came back. */
export type Answer = Message<"Answer">;
/** Of the report that was asked for. */
export type Result = Message<"ReportResult">;

/** The reports that this page knows how to draw and to ask for. */
export const KINDS = [
  "funnel",
  "retention",
  "taskTime",
  "exits",
  "featureUse",
  "firstUse",
  "series",
  "stickiness",
  "lifecycle",
  "webVitals",
  "topValues",
  "problems",
  "nps",
  "revenueAssociation",
  "churn",
  "paths",
] as const satisfies readonly (keyof Question)[];

/** A report that this page knows. */
export type Kind = (typeof KINDS)[number];

/** Returns the member of a question or result that says which report it is; another one than those known is returned as well. */
export function memberOf(message: Question | Result): string | undefined {
  return Object.keys(message).find((key) => key !== "scope");
}

/** Returns the report of a question or result, when it is a known one. */
export function kindOf(message: Question | Result): Kind | undefined {
  const member = memberOf(message);
  return KINDS.find((kind) => kind === member);
}

/** A number of 64 bits comes as text. Charts need it as a number. */
export function count(text: string | undefined): number {
  return text === undefined ? 0 : Number(text);
}
