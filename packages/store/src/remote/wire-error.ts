import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type Finding, PharosError } from "@pharos/base";
import {
  STORE_CONFLICT,
  STORE_DENIED,
  STORE_EXISTS,
  STORE_FILE_LOST,
  STORE_HISTORY_GONE,
  STORE_INVALID,
  STORE_NOT_FOUND,
  STORE_UNAVAILABLE,
} from "../codes.ts";
import { RefusedError } from "../refused.ts";

const CODE_KEY = "pharos-code";
const FINDINGS_KEY = "pharos-findings-bin";

/** Findings beyond this many bytes of JSON stay behind: HTTP/2 peers refuse large trailers. */
const MAX_FINDINGS_BYTES = 4096;

/** How the store's errors look on the wire (https://grpc.io/docs/guides/status-codes/). */
const STATUS = [
  [STORE_NOT_FOUND, status.NOT_FOUND],
  [STORE_CONFLICT, status.ABORTED],
  [STORE_EXISTS, status.ALREADY_EXISTS],
  [STORE_HISTORY_GONE, status.OUT_OF_RANGE],
  [STORE_INVALID, status.INVALID_ARGUMENT],
  [STORE_UNAVAILABLE, status.UNAVAILABLE],
  [STORE_FILE_LOST, status.UNAVAILABLE],
  [STORE_DENIED, status.PERMISSION_DENIED],
] as const;

/** A status with trailers that `fromWire` turns into the same error again. */
export function toWire(error: unknown): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  const known = STATUS.find(([entry]) => error instanceof PharosError && error.code === entry.code);
  if (known === undefined) return { code: status.INTERNAL, details: "internal error of the store", metadata };
  metadata.set(CODE_KEY, known[0].code);
  if (error instanceof RefusedError) metadata.set(FINDINGS_KEY, Buffer.from(boundedFindings(error.findings)));
  return { code: known[1], details: error instanceof Error ? error.message : "", metadata };
}

/** The store's error that a call failed with; what is not from the store itself is STORE_UNAVAILABLE. */
export function fromWire(error: unknown, what: string): PharosError {
  if (error instanceof PharosError) return error;
  if (!isServiceError(error)) return new PharosError(STORE_UNAVAILABLE, `${what} failed`, { cause: error });
  const told = error.metadata?.get(CODE_KEY)[0];
  const entry = STATUS.find(([{ code }]) => code === told)?.[0];
  if (entry === STORE_INVALID) return new RefusedError(what, readFindings(error));
  if (entry !== undefined && entry !== STORE_FILE_LOST) return new PharosError(entry, error.details);
  const denied = error.code === status.PERMISSION_DENIED || error.code === status.UNAUTHENTICATED;
  return new PharosError(denied ? STORE_DENIED : STORE_UNAVAILABLE, `${what} failed: ${error.details}`);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}

function boundedFindings(findings: readonly Finding[]): string {
  const kept: Finding[] = [];
  let size = 2;
  for (const finding of findings) {
    size += Buffer.byteLength(JSON.stringify(finding)) + 1;
    if (size > MAX_FINDINGS_BYTES) break;
    kept.push(finding);
  }
  return JSON.stringify(kept);
}

function readFindings(error: ServiceError): readonly Finding[] {
  const bytes = error.metadata.get(FINDINGS_KEY)[0];
  const findings: unknown = bytes === undefined ? [] : JSON.parse(bytes.toString());
  if (Array.isArray(findings) && findings.length > 0) return findings as Finding[];
  const { code, action } = STORE_INVALID;
  return [{ code, severity: "ERROR", path: "", description: error.details, recommendation: action }];
}
