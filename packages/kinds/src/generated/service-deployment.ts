// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** Services, where they run, and the ports that they listen on. */
export interface ServiceDeployment {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "ServiceDeployment";
  readonly metadata: ObjectMeta;
  readonly spec: ServiceDeploymentSpec;
  readonly status?: ServiceDeploymentStatus;
}

/** The services. */
export interface ServiceDeploymentSpec {
  /** One entry a service. */
  readonly services: readonly DeployedService[];
}

export interface DeployedService {
  /** Name of the service. Example: "perception". */
  readonly name: string;
  /** Where it runs - a SoC, a VM, a cloud VM, or a pod (namespace/name; a bare name is in the document's namespace). Example: "vm1". */
  readonly node: string;
  /** Protocol that it speaks. Example: "grpc". */
  readonly protocol: "dds" | "grpc" | "rest" | "someip" | "tcp" | "udp";
  /** Ports that it listens on. Example: [50051]. */
  readonly ports: readonly number[];
  /** Container image that Kubernetes runs on that node; without one the service is native and is only registered. Example: "vehicle/perception:1.4.0". */
  readonly image?: string;
  /** Services of this document that have to run before it is started the first time. Example: ["perception"]. */
  readonly dependsOn?: readonly string[];
  /** What its container gets - requested and at the same time its limit. */
  readonly resources?: ServiceDeploymentResources;
}

/** What its container gets - requested and at the same time its limit. */
export interface ServiceDeploymentResources {
  /** Cores, or thousandths of a core with the suffix m. Example: "500m". */
  readonly cpu?: string;
  /** Bytes, with a suffix K, M, G, Ki, Mi or Gi. Example: "256Mi". */
  readonly memory?: string;
}

/** What the operator found. */
export interface ServiceDeploymentStatus {
  /** How each service stands; one entry a service. */
  readonly services?: readonly ServiceDeploymentService[];
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}

export interface ServiceDeploymentService {
  /** Name of the service. Example: "perception". */
  readonly name: string;
  /** running (its container is ready), pending (not yet), failed (it cannot be placed or does not start), or registered (native - it is only in the registry). Example: "running". */
  readonly state: "running" | "pending" | "failed" | "registered";
  /** Kubernetes node that it is placed on. Example: "vm1". */
  readonly node?: string;
  /** Why it is not running. Example: "waits for perception". */
  readonly message?: string;
}
