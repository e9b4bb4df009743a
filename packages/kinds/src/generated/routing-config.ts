// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** Ordered rules that say which flows may be forwarded between zones. */
export interface RoutingConfig {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "RoutingConfig";
  readonly metadata: ObjectMeta;
  readonly spec: RoutingConfigSpec;
  readonly status?: RoutingConfigStatus;
}

/** The rules. */
export interface RoutingConfigSpec {
  /** One entry a pair of zones; the first rule that matches a flow decides. */
  readonly routingInfo: readonly RoutingInfo[];
}

export interface RoutingInfo {
  /** Zone that opens the flow - a bridge, a SoC, a VM, a cloud VM, an interface (eth0, or vm1Eth0 for eth0 of vm1), or world. Example: "vm1Eth0". */
  readonly srcIntfName: string;
  /** Zone that the flow goes to, named like srcIntfName. Example: "awsEth0". */
  readonly dstIntfName: string;
  /** Rules for flows from srcIntfName to dstIntfName, in order. Replies follow the flow. */
  readonly rules: readonly ForwardRule[];
}

export interface ForwardRule {
  /** What happens to a matching flow. Example: "ACCEPT". */
  readonly action: "ACCEPT" | "DROP";
  /** tcp, udp, icmp and all as they are; grpc and rest are TCP on the rule's or the service's ports; someip is UDP and TCP on the service's ports; dds is UDP that carries RTPS. Example: "tcp". */
  readonly protocol: "all" | "tcp" | "udp" | "icmp" | "dds" | "grpc" | "rest" | "someip";
  /** Source port. Example: 40000. */
  readonly srcPort?: number;
  /** Destination port. Example: 50000. */
  readonly dstPort?: number;
  /** DDS topic. Example: "example_topic1". */
  readonly TopicName?: string;
  /** Name of a registered service or of an entry of a ServiceDeployment, whose ports are meant. Example: "fusion". */
  readonly service?: string;
  /** Method of the service (gRPC method, REST verb and path, SOME/IP method id). Example: "GetObjects". */
  readonly method?: string;
}

/** What the operator found. */
export interface RoutingConfigStatus {
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
