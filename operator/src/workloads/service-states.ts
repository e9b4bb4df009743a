import type { ServiceDeploymentStatus } from "@pharos/kinds";
import type { KubernetesObject } from "@pharos/store";
import type { Placement } from "./place-services.ts";

export type ServiceState = NonNullable<ServiceDeploymentStatus["services"]>[number];

/** What a Deployment says of itself; all of it may be missing. */
interface DeploymentStatus {
  readonly readyReplicas?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];
}

/** True when the Deployment has a ready pod. */
export function isReady(deployment: KubernetesObject | undefined): boolean {
  return (statusOf(deployment).readyReplicas ?? 0) > 0;
}

/** How a service stands, from where it was put, what its Deployment says, and why its objects could not be written. */
export function serviceState(placement: Placement, deployment: KubernetesObject | undefined, refusal?: string): ServiceState {
  const { name } = placement.service;
  switch (placement.kind) {
    case "register":
      return { name, state: "registered" };
    case "misplaced":
      return { name, state: "failed", message: placement.reason };
    case "wait":
      return { name, state: "pending", node: placement.node, message: `waits for ${placement.missing.join(", ")}` };
    case "run":
      return { name, node: placement.node, ...running(deployment, refusal) };
  }
}

function running(deployment: KubernetesObject | undefined, refusal: string | undefined): Pick<ServiceState, "state" | "message"> {
  const stuck = (statusOf(deployment).conditions ?? []).find(
    ({ type, status }) => (type === "Progressing" && status === "False") || (type === "ReplicaFailure" && status === "True"),
  );
  const why = (refusal ?? stuck?.message ?? stuck?.reason ?? "its container does not start").slice(0, 960);
  const isStuck = stuck !== undefined || refusal !== undefined;
  if (isReady(deployment)) return { state: "running", ...(isStuck ? { message: `runs as before its last change: ${why}` } : {}) };
  if (isStuck) return { state: "failed", message: why };
  return { state: "pending", message: "its container is not ready yet" };
}

function statusOf(deployment: KubernetesObject | undefined): DeploymentStatus {
  return (deployment as { readonly status?: DeploymentStatus } | undefined)?.status ?? {};
}
