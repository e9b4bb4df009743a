import type { Origin } from "../../vehicle/model.ts";
import type { Zone } from "../../zones/zone.ts";

/** Ports that a match admits; empty: any. Sorted, each once. */
export type Ports = readonly number[];

/** What a rule admits of a packet besides its ends. */
export type Match =
  | { readonly kind: "all" }
  /** ICMP in IPv4, ICMPv6 in IPv6. */
  | { readonly kind: "icmp" }
  | {
      readonly kind: "transport";
      readonly transport: "tcp" | "udp";
      readonly sourcePorts: Ports;
      readonly destinationPorts: Ports;
      /** The payload has to begin with `RTPS` (DDSI-RTPS 2.5, 8.3.4: the protocol identifier of every message). */
      readonly rtps: boolean;
    };

/** A forwardRule with its names resolved. */
export interface ForwardRule {
  /** Position in the vehicle's one first-match list. */
  readonly order: number;
  /** `RoutingConfig/NAME` and `spec.routingInfo[0].rules[1]`. */
  readonly origin: Origin;
  /** The rule on one line, for people. */
  readonly text: string;
  readonly source: Zone;
  readonly destination: Zone;
  readonly action: "ACCEPT" | "DROP";
  /** The rule applies when one of these does. */
  readonly matches: readonly Match[];
}

/** A pair of zones that a document names, whether or not rules are listed for it. */
export interface NamedPair {
  readonly source: Zone;
  readonly destination: Zone;
  readonly origin: Origin;
}

/** All RoutingConfigs as one first-match list. */
export interface ForwardRules {
  readonly rules: readonly ForwardRule[];
  readonly pairs: readonly NamedPair[];
}
