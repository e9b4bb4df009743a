import type { Family } from "@pharos/hoststate";
import type { ClusterFacts } from "../../cluster/cluster-facts.ts";
import type { Host, Vehicle } from "../../vehicle/model.ts";
import type { Partition } from "../../zones/partition.ts";
import type { BridgeZone, Zone } from "../../zones/zone.ts";
import type { End, RangeTexts } from "./ends.ts";
import type { Forwards } from "./forwarded-pairs.ts";
import type { OpenPort } from "./own-ports.ts";
import type { PairIndex } from "./pair-index.ts";

/** For each managed host the ends that it gives an address of its own, with the bridge that says so. */
export type Masqueraded = ReadonlyMap<string, readonly { readonly end: End; readonly bridge: BridgeZone }[]>;

/** All that the chains of one host are built from. */
export interface ForwardingContext {
  readonly vehicle: Vehicle;
  readonly host: Host;
  readonly zones: readonly Zone[];
  readonly partition: Partition;
  readonly ranges: RangeTexts;
  readonly ends: readonly End[];
  readonly index: PairIndex;
  readonly forwards: Forwards;
  readonly masqueraded: Masqueraded;
  /** Ports of Pharos itself, which are failsafe on every managed host. */
  readonly ownPorts: readonly OpenPort[];
  /** The Kubernetes cluster that hosts are nodes of; undefined outside Kubernetes. */
  readonly cluster: ClusterFacts | undefined;
}

/** How nft spells what differs between the families. */
export const FAMILIES: readonly {
  readonly family: Family;
  readonly ip: "ip" | "ip6";
  readonly suffix: "4" | "6";
  readonly type: string;
}[] = [
  { family: "ipv4", ip: "ip", suffix: "4", type: "ipv4_addr" },
  { family: "ipv6", ip: "ip6", suffix: "6", type: "ipv6_addr" },
];

/** True for an end whose addresses are this host's own; such packets are input or output, never forwarded. */
export function isOwn(context: ForwardingContext, end: End): boolean {
  return end.zones.some((zone) => zone.kind === "host" && zone.name === context.host.name);
}

/** True when both ends lie inside one bridge, where forwardRules do not reach. */
export function insideOneBridge(source: End, destination: End): boolean {
  return source.zones.some((zone) => zone.kind === "bridge" && destination.zones.includes(zone));
}

/** True when flows between the ends are dropped unless a rule accepts them. */
export function isDeniedByDefault(context: ForwardingContext, source: End, destination: End): boolean {
  return context.vehicle.defaultAction === "DROP" && (source.class.managed || destination.class.managed);
}

/** The origin of all that no single document rule made, at most 100 characters. */
export function vehicleOrigin(context: ForwardingContext, what: string): string {
  return originText(`${what} ${context.vehicle.origin.document}`);
}

/** An origin in the form that a FirewallRule may carry: printable ASCII without quotes, at most 100 characters, its end kept. */
export function originText(text: string): string {
  const plain = text.replaceAll(/[^ !#-&(-[\]-~]/g, "?");
  return plain.length <= 100 ? plain : `${plain.slice(0, 40)}~${plain.slice(plain.length - 59)}`;
}
