import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiCall } from "@pharos/store/kubernetes";
import { stringify } from "yaml";
import { NAMESPACE } from "./installed-chart.ts";

const LOG = "audit.log";

/** Arguments that make an API server write down every call: who, what, and what became of it. */
export function auditArguments(folder: string): readonly string[] {
  const policy = join(folder, "audit-policy.yaml");
  const rules = [{ level: "Metadata", omitStages: ["RequestReceived"] }];
  writeFileSync(policy, stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${join(folder, LOG)}`, "--audit-log-mode=blocking-strict"];
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: ApiCall["verb"];
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

export interface AuditedCall extends ApiCall {
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
}

/** What a part's service account has called so far. */
export function callsOf(folder: string, part: string): readonly AuditedCall[] {
  const lines = readFileSync(join(folder, LOG), "utf8").split("\n");
  // The last line may be half written.
  const events = lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent);
  return events.flatMap(({ user, verb, objectRef, responseStatus }) => {
    if (user.username !== `system:serviceaccount:${NAMESPACE}:pharos-${part}` || objectRef === undefined) return [];
    const { apiGroup: group = "", resource, subresource, namespace, name } = objectRef;
    const { code: status = 0, message = "" } = responseStatus ?? {};
    const place = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
    const creates = verb === "patch" && status === 201 ? { creates: true as const } : {};
    return [
      { verb, group, resource: subresource === undefined ? resource : `${resource}/${subresource}`, ...place, ...creates, status, message },
    ];
  });
}
