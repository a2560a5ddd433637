/** Short names for messages of the contracts. */
import type { Message } from "../../api/methods";

export type RolloutRecord = Message<"RolloutRecord">;
export type Plan = Message<"RolloutPlan">;
export type Stage = Message<"RolloutStage">;
export type Guard = Message<"Guard">;
export type Reading = Message<"GuardReading">;
export type RolloutState = Message<"RolloutState">;

/** The service of plans. */
export const SERVICE = "mirante.api.flags.v1.RolloutService";
