import { readFileSync } from "node:fs";

/** What a process holds, in MB (10^6 bytes): resident, and with each shared page counted by its share. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** Reads proc(5) smaps_rollup, which counts in KiB. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string) => (Number(text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1]) * 1024) / 1e6;
  return { rss: field("Rss"), pss: field("Pss") };
}
