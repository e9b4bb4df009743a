import { readFileSync } from "node:fs";

/** One measurement of a process that holds all objects. */
export interface Held {
  readonly objects: number;
  /** ms from the first request to the last object. */
  readonly syncMs: number;
  /** Resident memory at rest, MiB. */
  readonly restMiB: number;
  /** The same after the one collection that an agent asks for when it is at rest, MiB. */
  readonly releasedMiB: number;
  /** Highest resident memory before that, MiB. */
  readonly peakMiB: number;
  /** Living objects of the heap, MiB. */
  readonly heapMiB: number;
}

const REST_MS = 2000;
const RELEASE_MS = 500;

/** Waits until the process is at rest, measures it, prints that as one line of JSON and ends the process. */
export async function tellMemory(objects: number, syncMs: number): Promise<never> {
  await pause(REST_MS);
  const restMiB = statusMiB("VmRSS");
  const peakMiB = statusMiB("VmHWM");
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  await pause(RELEASE_MS);
  const releasedMiB = statusMiB("VmRSS");
  globalThis.gc?.();
  const held: Held = { objects, syncMs, restMiB, releasedMiB, peakMiB, heapMiB: process.memoryUsage().heapUsed / 2 ** 20 };
  console.log(JSON.stringify(held));
  process.exit(0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function statusMiB(field: "VmRSS" | "VmHWM"): number {
  const [, kiB] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kiB) / 1024;
}
