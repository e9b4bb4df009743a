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
import { type ApiCall, describe } from "./transport.ts";

/** Kubernetes' Status object (meta/v1), as far as we read it. */
export interface ApiStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** The store's error for an answer of the API server that is no success. */
export function failureOf(call: ApiCall, statusCode: number, text: string): PharosError {
  return failureOfStatus(call, { code: statusCode, ...parsed(text) });
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
      return new PharosError(STORE_UNAVAILABLE, message);
  }
}

/** The path itself is unknown: there is no such resource, and the answer names no object. */
function isKindMissing({ details, message }: ApiStatus): boolean {
  return details?.name === undefined && (message ?? "").includes("could not find the requested resource");
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
