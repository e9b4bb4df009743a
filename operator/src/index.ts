export { type OperatorOptions, type OperatorState, runOperator } from "./run-operator.ts";
