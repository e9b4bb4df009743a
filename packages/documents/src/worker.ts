// Entry of the worker thread that parse-in-worker.ts starts: reads once, answers once, ends.
import { parentPort, workerData } from "node:worker_threads";
import { type ParseOptions, parseDocuments } from "./parse-documents.ts";

const { text, options } = workerData as { readonly text: string | Uint8Array; readonly options: ParseOptions };
parentPort?.postMessage(parseDocuments(text, options));
