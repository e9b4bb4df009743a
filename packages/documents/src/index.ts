export { admitObject, documentName, validateObject } from "./admit.ts";
export { lineOf } from "./document-parts.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { type ParsedDocuments, type ParseOptions, type PlacedDocument, parseDocuments } from "./parse-documents.ts";
export { parseDocumentsInWorker, type WorkerOptions } from "./parse-in-worker.ts";
export { readValues } from "./read-values.ts";
export { type SpecificationDocument, type Spelling, stringifyDocuments, toSpecificationSpelling } from "./stringify.ts";
