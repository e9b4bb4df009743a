// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** Packet filter, allow-list, TLS and cloud feeding of a service or of the vehicle. */
export interface SecurityConfig {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "SecurityConfig";
  readonly metadata: ObjectMeta;
  readonly spec: SecurityConfigSpec;
  readonly status?: SecurityConfigStatus;
}

/** The security configuration. */
export interface SecurityConfigSpec {
  /** The security configuration. */
  readonly security: Security;
}

/** The security configuration. */
export interface Security {
  /** Service that the allow-list protects. Default is the document's name without -security. Example: "perception". */
  readonly service?: string;
  /** enforce drops what this document forbids; audit counts and logs it, and drops nothing. Example: "enforce". Default: "enforce". */
  readonly enforcement: "enforce" | "audit";
  /** Rules by address. Without a rule for all sources it is neutral for the rest. */
  readonly packet_filter?: PacketFilter;
  /** Pods that may reach the service. */
  readonly whitelist?: Whitelist;
  /** Encryption of the service's traffic. */
  readonly tls?: SecurityTls;
  /** Regular upload of vehicle data to cloud VMs. */
  readonly cloud_feeding?: CloudFeeding;
}

/** Regular upload of vehicle data to cloud VMs. */
export interface CloudFeeding {
  /** Whether data is uploaded. Example: true. */
  readonly enabled: boolean;
  /** Time between uploads in seconds. Example: 60. Default: 60. */
  readonly interval_sec: number;
  /** Cloud VMs that the data goes to. Example: ["cloud_vm1"]. */
  readonly targets?: readonly string[];
  /** What is uploaded. Example: ["status","diagnostics"]. */
  readonly data_fields?: readonly string[];
}

/** Encryption of the service's traffic. */
export interface SecurityTls {
  /** Whether TLS is required. Example: true. */
  readonly enabled: boolean;
  /** Absolute path of the certificate (PEM) on the host. Example: "/etc/pharos/cert.pem". */
  readonly cert_path?: string;
}

/** Pods that may reach the service. */
export interface Whitelist {
  /** Whether the allow-list is in force. Example: true. */
  readonly enabled: boolean;
  /** Pods, or the workloads that own them, as namespace/name; a bare name is in namespace default. Example: ["perception-pod","control-pod"]. */
  readonly allowed_pods?: readonly string[];
  /** service keeps other pods from the service; vehicle keeps other pods from the network at all. Example: "service". Default: "service". */
  readonly scope: "service" | "vehicle";
}

/** Rules by address. Without a rule for all sources it is neutral for the rest. */
export interface PacketFilter {
  /** Whether the rules are in force. Example: true. */
  readonly enabled: boolean;
  /** Rules in order; the first that matches decides. */
  readonly rules?: readonly PacketFilterRule[];
}

export interface PacketFilterRule {
  /** Source address or subnet (CIDR). Example: "10.2.0.0/24". */
  readonly src: string;
  /** Destination address or subnet (CIDR). Example: "10.2.1.7". */
  readonly dst: string;
  /** As in a RoutingConfig's rules. Example: "grpc". */
  readonly protocol: "all" | "tcp" | "udp" | "icmp" | "dds" | "grpc" | "rest" | "someip";
  /** What happens to a matching flow. Example: "ACCEPT". */
  readonly action: "ACCEPT" | "DROP";
  /** Source port. Example: 40000. */
  readonly srcPort?: number;
  /** Destination port. Example: 50051. */
  readonly dstPort?: number;
}

/** What the operator found. */
export interface SecurityConfigStatus {
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
