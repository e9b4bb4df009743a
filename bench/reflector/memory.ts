import { readFileSync } from "node:fs";

/** One measurement of a process that holds all objects. */
export interface Held {
  readonly objects: number;
  /** ms from the first request to the last object. */
  readonly syncMs: number;
  /** Resident memory at rest, MiB. */
  readonly restMiB: number;
  /** Highest resident memory, MiB. */
  readonly peakMiB: number;
  /** Living objects of the heap, MiB. */
  readonly heapMiB: number;
}

const REST_MS = 3000;

/** Waits until the process is at rest, measures it, prints that as one line of JSON and ends the process. */
export async function tellMemory(objects: number, syncMs: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const restMiB = statusMiB("VmRSS");
  const peakMiB = statusMiB("VmHWM");
  // Only now: a collection by force would make the process smaller than it is in service.
  globalThis.gc?.();
  const held: Held = { objects, syncMs, restMiB, peakMiB, heapMiB: process.memoryUsage().heapUsed / 2 ** 20 };
  console.log(JSON.stringify(held));
  process.exit(0);
}

function statusMiB(field: "VmRSS" | "VmHWM"): number {
  const [, kiB] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kiB) / 1024;
}
