import { readFileSync } from "node:fs";

/** The kernel's name for this boot (random(4)). */
export function currentBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
