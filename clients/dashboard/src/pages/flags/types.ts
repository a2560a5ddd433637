/** Short names for messages of the contracts. */
import type { Message } from "../../api/methods";

export type Flag = Message<"Flag">;
export type FlagRecord = Message<"FlagRecord">;
export type Rule = Message<"Rule">;
export type Condition = Message<"Condition">;
export type Serve = Message<"Serve">;
export type Rollout = Message<"Rollout">;
export type Variant = Message<"Variant">;
