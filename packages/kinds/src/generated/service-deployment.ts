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
}

/** What the operator found. */
export interface ServiceDeploymentStatus {
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
