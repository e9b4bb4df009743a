export type { OperatorOptions, OperatorState } from "./operator-options.ts";
export { runOperator } from "./run-operator.ts";
