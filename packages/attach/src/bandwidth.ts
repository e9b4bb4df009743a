import { PharosError } from "@pharos/base";
import { ATTACH_BAD_CONFIG } from "./codes.ts";
import { type JsonObject, objectOf } from "./fields.ts";

/** A limit of one direction. */
export interface RateLimit {
  /** Bits per second. */
  readonly rate: number;
  /** Bits; absent: a tenth of a second at that rate. */
  readonly burst?: number;
}

/** Limits of a pod's interface (capability `bandwidth`), as seen from the pod: `ingress` is what it receives. */
export interface Bandwidth {
  readonly ingress?: RateLimit;
  readonly egress?: RateLimit;
}

/** The kernel counts bytes of a burst in 32 bits. */
const MAX_BURST_BITS = 0xffffffff * 8;

/** Reads `runtimeConfig.bandwidth`; a rate of 0 or none is no limit. Undefined when neither direction has one. */
export function readBandwidth(value: unknown): Bandwidth | undefined {
  const fields = objectOf(value, "runtimeConfig.bandwidth");
  const ingress = readLimit(fields, "ingress");
  const egress = readLimit(fields, "egress");
  if (ingress === undefined && egress === undefined) return undefined;
  return { ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
}

function readLimit(fields: JsonObject, direction: "ingress" | "egress"): RateLimit | undefined {
  const rate = bitsOf(fields, `${direction}Rate`);
  const burst = bitsOf(fields, `${direction}Burst`);
  if (rate === 0) return undefined;
  if (rate < 8) throw new PharosError(ATTACH_BAD_CONFIG, `runtimeConfig.bandwidth.${direction}Rate is below one byte per second`);
  return { rate, ...(burst === 0 ? {} : { burst: Math.min(burst, MAX_BURST_BITS) }) };
}

/** Runtimes write the largest integer for "no bound", beyond what a number holds exactly; nothing depends on its last digits. */
function bitsOf(fields: JsonObject, name: string): number {
  const value = fields[name] ?? 0;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 2 ** 64)
    throw new PharosError(ATTACH_BAD_CONFIG, `runtimeConfig.bandwidth.${name} is not a number of bits: ${JSON.stringify(value)}`);
  return value;
}
