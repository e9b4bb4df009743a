// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** A service that has registered itself or was discovered. Pharos makes these. */
export interface ServiceRegistration {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "ServiceRegistration";
  readonly metadata: ObjectMeta;
  readonly spec: ServiceRegistrationSpec;
  readonly status?: ServiceRegistrationStatus;
}

/** The service's endpoint. */
export interface ServiceRegistrationSpec {
  /** Name of the service. Example: "object-detection". */
  readonly serviceName: string;
  /** Address or name of the machine or pod that serves. Example: "10.2.1.5". */
  readonly host: string;
  /** Port that it listens on. Example: 8080. */
  readonly port: number;
  /** Protocol that it speaks. Example: "grpc". */
  readonly protocol: "dds" | "grpc" | "rest" | "someip" | "tcp" | "udp";
  /** What else the service tells about itself. Example: {"version":"1.2.0","category":"perception"}. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How the service stands. */
export interface ServiceRegistrationStatus {
  /** Whether it answers. Example: "healthy". */
  readonly health?: "healthy" | "unhealthy" | "unknown";
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
