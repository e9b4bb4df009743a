import type { Finding } from "@pharos/base";

/** Tells a finding from what was looked for. */
export function isFinding(value: object): value is Finding {
  return "severity" in value;
}
