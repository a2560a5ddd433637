/** How conditions compare, and how the page says so. */
import type { Message } from "../../api/methods";
import type { PlainKey } from "../../i18n/messages";

/** How a condition compares. */
export type Operator = Message<"Operator">;

/** The operators in the groups in which they are offered. */
export const GROUPS = {
  "flags.group.text": [
    "OPERATOR_IN",
    "OPERATOR_STARTS_WITH",
    "OPERATOR_ENDS_WITH",
    "OPERATOR_CONTAINS",
    "OPERATOR_MATCHES",
    "OPERATOR_EXISTS",
  ],
  "flags.group.segment": ["OPERATOR_IN_SEGMENT"],
  "flags.group.number": [
    "OPERATOR_LESS",
    "OPERATOR_LESS_OR_EQUAL",
    "OPERATOR_GREATER",
    "OPERATOR_GREATER_OR_EQUAL",
    "OPERATOR_BETWEEN",
  ],
  "flags.group.time": ["OPERATOR_BEFORE", "OPERATOR_AFTER"],
  "flags.group.version": [
    "OPERATOR_SEMVER_EQUAL",
    "OPERATOR_SEMVER_LESS",
    "OPERATOR_SEMVER_LESS_OR_EQUAL",
    "OPERATOR_SEMVER_GREATER",
    "OPERATOR_SEMVER_GREATER_OR_EQUAL",
    "OPERATOR_SEMVER_TILDE",
    "OPERATOR_SEMVER_CARET",
  ],
  "flags.group.list": ["OPERATOR_ARRAY_ANY", "OPERATOR_ARRAY_ALL", "OPERATOR_ARRAY_NONE"],
  "flags.group.network": ["OPERATOR_IN_CIDR"],
} as const satisfies Partial<Record<PlainKey, readonly Operator[]>>;

const CASED: ReadonlySet<Operator> = new Set([
  "OPERATOR_IN",
  "OPERATOR_STARTS_WITH",
  "OPERATOR_ENDS_WITH",
  "OPERATOR_CONTAINS",
  "OPERATOR_MATCHES",
  "OPERATOR_ARRAY_ANY",
  "OPERATOR_ARRAY_ALL",
  "OPERATOR_ARRAY_NONE",
]);

const SINGLE: ReadonlySet<Operator> = new Set([
  "OPERATOR_LESS",
  "OPERATOR_LESS_OR_EQUAL",
  "OPERATOR_GREATER",
  "OPERATOR_GREATER_OR_EQUAL",
  "OPERATOR_SEMVER_EQUAL",
  "OPERATOR_SEMVER_LESS",
  "OPERATOR_SEMVER_LESS_OR_EQUAL",
  "OPERATOR_SEMVER_GREATER",
  "OPERATOR_SEMVER_GREATER_OR_EQUAL",
  "OPERATOR_SEMVER_TILDE",
  "OPERATOR_SEMVER_CARET",
  "OPERATOR_BEFORE",
  "OPERATOR_AFTER",
]);

/** Values that are numbers or booleans mean something only to these; others take texts. */
const TYPED: ReadonlySet<Operator> = new Set([
  "OPERATOR_IN",
  "OPERATOR_LESS",
  "OPERATOR_LESS_OR_EQUAL",
  "OPERATOR_GREATER",
  "OPERATOR_GREATER_OR_EQUAL",
  "OPERATOR_BETWEEN",
  "OPERATOR_ARRAY_ANY",
  "OPERATOR_ARRAY_ALL",
  "OPERATOR_ARRAY_NONE",
]);

/** Whether an operator can leave out of account whether letters are capital. */
export const knowsCase = (operator: Operator): boolean => CASED.has(operator);

/** Whether an operator takes exactly one value. */
export const takesOne = (operator: Operator): boolean => SINGLE.has(operator);

/** Whether the values of an operator may be numbers or booleans. */
export const isTyped = (operator: Operator): boolean => TYPED.has(operator);
