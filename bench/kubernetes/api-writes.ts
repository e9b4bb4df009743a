import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

const LOG = "audit.log";
const WRITES = ["create", "update", "patch", "delete", "deletecollection"];

/** Arguments that make an API server note each write that was answered. */
export function auditArguments(folder: string): readonly string[] {
  const policy = join(folder, "audit-policy.yaml");
  const rules = [{ level: "Metadata", verbs: WRITES, omitStages: ["RequestReceived"] }, { level: "None" }];
  writeFileSync(policy, stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${join(folder, LOG)}`];
}

export interface ApiWrite {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
  /** HTTP status. */
  readonly status: number;
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

/** Who wrote what so far, in order. */
export function writesIn(folder: string): readonly ApiWrite[] {
  // The last line may be half written.
  const lines = readFileSync(join(folder, LOG), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const { user, verb, objectRef, responseStatus } = JSON.parse(line) as AuditEvent;
    const resource = [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join("/");
    return { user: user.username, verb, resource, name: objectRef?.name ?? "", status: responseStatus?.code ?? 0 };
  });
}
