import { Worker } from "node:worker_threads";
import { DOCUMENT_TIMEOUT } from "./codes.ts";
import { toFinding } from "./issue.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { type ParsedDocuments, type ParseOptions, parseDocuments } from "./parse-documents.ts";

export interface WorkerOptions extends ParseOptions {
  /** Longest wall-clock time in ms; 10 s by default. */
  readonly timeoutMs?: number;
  /** Largest heap of the worker in MB; 256 by default. */
  readonly heapMb?: number;
  /** Length up to which the calling thread reads by itself, in bytes; 16 KiB by default. */
  readonly inlineBytes?: number;
  /** The worker's entry; by default worker.ts beside this file, or documents-worker.mjs beside a bundle. */
  readonly worker?: URL;
  readonly signal?: AbortSignal;
}

/**
 * Like `parseDocuments`, but never holds up the event loop for long, and ends: a text that takes too long or too much
 * memory gives a finding. Rejects with the signal's reason when `signal` aborts.
 */
export async function parseDocumentsInWorker(text: string | Uint8Array, options: WorkerOptions = {}): Promise<ParsedDocuments> {
  const { timeoutMs = 10_000, heapMb = 256, inlineBytes = 16 * 1024, worker = defaultWorker(), signal, ...parseOptions } = options;
  signal?.throwIfAborted();
  const limit = parseOptions.limits?.bytes ?? DEFAULT_LIMITS.bytes;
  if (text.length <= inlineBytes || text.length > limit) return parseDocuments(text, parseOptions);
  const thread = new Worker(worker, {
    workerData: { text, options: parseOptions },
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    env: {},
    stdout: true,
    stderr: true,
  });
  try {
    return await answer(thread, { timeoutMs, signal });
  } catch (error) {
    signal?.throwIfAborted();
    return unanswered(error, parseOptions.file);
  } finally {
    await thread.terminate();
  }
}

interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

function answer(thread: Worker, { timeoutMs, signal }: Waiting): Promise<ParsedDocuments> {
  return new Promise((resolve, reject) => {
    const stop = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
    stop.addEventListener("abort", () => reject(new Error(`took longer than ${timeoutMs} ms`)), { once: true });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`the reader ended with ${code}`)));
  });
}

function unanswered(error: unknown, file: string | undefined): ParsedDocuments {
  const description = error instanceof Error ? error.message : String(error);
  return { documents: [], findings: [toFinding({ entry: DOCUMENT_TIMEOUT, path: "", description }, file === undefined ? {} : { file })] };
}

function defaultWorker(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./documents-worker.mjs", import.meta.url);
}
