import { type Finding, PharosError } from "@pharos/base";
import {
  STORE_CONFLICT,
  STORE_DENIED,
  STORE_EXISTS,
  STORE_HISTORY_GONE,
  STORE_INVALID,
  STORE_KIND_MISSING,
  STORE_NOT_FOUND,
  STORE_UNAVAILABLE,
} from "../codes.ts";
import { RefusedError } from "../refused.ts";
import { BusyError } from "../unavailable.ts";
import { type ApiCall, describe } from "./api-call.ts";

/** Kubernetes' Status object (meta/v1), as far as we read it. */
export interface ApiStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** An answer of the API server that is no success. */
export interface FailedAnswer {
  readonly statusCode: number;
  readonly text: string;
  /** The header Retry-After (RFC 9110 section 10.2.3), of which Kubernetes sends the form in seconds. */
  readonly retryAfter?: string;
}

/** The store's error for a failed answer. */
export function failureOf(call: ApiCall, { statusCode, text, retryAfter }: FailedAnswer): PharosError {
  const status = parsed(text);
  const seconds = /^\d{1,6}$/.test(retryAfter ?? "") ? { retryAfterSeconds: Number(retryAfter) } : {};
  return failureOfStatus(call, { ...status, code: statusCode, details: { ...seconds, ...status.details } });
}

/** The store's error for a Status object. */
export function failureOfStatus(call: ApiCall, status: ApiStatus): PharosError {
  const message = `${describe(call)}: ${status.message ?? status.reason ?? `status ${status.code}`}`;
  switch (status.code) {
    case 401:
      return new PharosError(STORE_DENIED, message, { action: "check the token or client certificate, and this machine's clock" });
    case 403:
      return new PharosError(STORE_DENIED, message, {
        action: `give the right to ${describe(call)}; the chart's ClusterRoles hold all that are needed`,
      });
    case 404:
      return new PharosError(isKindMissing(status) ? STORE_KIND_MISSING : STORE_NOT_FOUND, message);
    case 409:
      return new PharosError(status.reason === "AlreadyExists" ? STORE_EXISTS : STORE_CONFLICT, message);
    case 410:
      return new PharosError(STORE_HISTORY_GONE, message);
    case 400:
    case 422:
      return refused(call, status);
    default:
      return unavailable(status, message);
  }
}

function unavailable({ details }: ApiStatus, message: string): PharosError {
  const seconds = details?.retryAfterSeconds ?? 0;
  return seconds > 0 ? new BusyError(message, seconds * 1000) : new PharosError(STORE_UNAVAILABLE, message);
}

/** The path itself is unknown: a Status about an object that is not there names it. An unknown group is answered in plain text. */
function isKindMissing({ details }: ApiStatus): boolean {
  return details?.name === undefined;
}

function refused(call: ApiCall, { details, message = "refused" }: ApiStatus): RefusedError {
  const document = call.name ?? call.resource;
  const { code, action } = STORE_INVALID;
  const causes = details?.causes ?? [];
  const about = causes.length > 0 ? causes : [{ message }];
  const findings = about.map(
    ({ field, message: description = message }): Finding => ({
      code,
      severity: "ERROR",
      path: field === undefined || field === "<nil>" ? "" : field,
      description,
      recommendation: action,
      source: { document },
    }),
  );
  return new RefusedError(document, findings);
}

function parsed(text: string): ApiStatus {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as ApiStatus) : {};
  } catch {
    return text === "" ? {} : { message: text.trim().slice(0, 500) };
  }
}
