// What checks documents, for who loads it: 400 kB of text that a program without documents of its own has no use for.
export { CEL_RULES } from "./generated/cel-rules.ts";
export { SCHEMAS } from "./generated/schemas.ts";
export { VALIDATORS } from "./validators.ts";
