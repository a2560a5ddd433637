/** A flag for tests. */
import type { Message } from "../../api/methods";

/** Returns a boolean flag that is on for everybody, with other fields where they are given. */
export function exampleFlag(rest: Partial<Message<"Flag">> = {}): Message<"Flag"> {
  return {
    key: "nova_ui",
    type: "FLAG_TYPE_BOOL",
    variants: [
      { name: "on", value: { boolValue: true }, description: "" },
      { name: "off", value: { boolValue: false }, description: "" },
    ],
    on: true,
    offVariant: "off",
    targets: [],
    prerequisites: [],
    rules: [],
    fallthrough: { variant: "on" },
    version: "3",
    clientVisible: false,
    description: "",
    owner: "",
    tags: [],
    ...rest,
  };
}

/** Returns a condition on the attribute `plano`. */
export function exampleCondition(rest: Partial<Message<"Condition">> = {}): Message<"Condition"> {
  const values = [{ stringValue: "premium" }];
  return { attribute: "plano", operator: "OPERATOR_IN", values, negate: false, ignoreCase: false, ...rest };
}
