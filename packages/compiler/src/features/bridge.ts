import { type Address, type BridgeLink, formatIp, type PhysicalLink, type Sysctl } from "@pharos/hoststate";
import type { Feature } from "../contribution.ts";
import type { Host, PlacedBridge } from "../vehicle/model.ts";
import { keepSecondaries } from "./node.ts";

/** The bridges that a host carries: the link, its ports, and the gateway's address. */
export const bridge: Feature = ({ vehicle, host, live, facts }) => {
  const hasServices = live.cluster !== undefined && facts.bridgeNetfilter;
  const carried = vehicle.bridges.filter(({ hosts }) => host.managed && hosts.includes(host.name));
  return {
    contribution: {
      links: carried.flatMap((one) => [bridgeLink(one, hasServices && one.bridgeFor === "pod"), ...portLinks(one, host)]),
      addresses: carried.flatMap((one) => gatewayAddresses(one, host)),
      sysctls: carried.flatMap((one) => bridgeSysctls(one)),
    },
    findings: [],
  };
};

/**
 * Nothing filters inside a bridge, so its traffic does not pass the inet hooks, whatever the host's sysctl says. On Kubernetes that of
 * pods does: a Service may lead from pod to pod on one bridge, and the reply must come by the connection tracking that translated it.
 */
function bridgeLink(one: PlacedBridge, callIptables: boolean): BridgeLink {
  return {
    kind: "bridge",
    name: one.name,
    ...(one.mtu === undefined ? {} : { mtu: one.mtu }),
    callIptables,
    // Vehicle protocols multicast inside a bridge (RTPS, SOME/IP service discovery), and without a querier snooping would drop it.
    multicastSnooping: false,
  };
}

/** Ports that the Node document does not describe on this host: the ends of VMs' interfaces. The others are the node feature's. */
function portLinks(one: PlacedBridge, host: Host): readonly PhysicalLink[] {
  const declared = new Set(host.interfaces.map((intf) => intf.name));
  return one.ports
    .filter((port) => port.host === host.name && !declared.has(port.interface))
    .map((port) => ({ kind: "physical", name: port.interface, master: one.name }));
}

/** The prefix length is that of the whole subnet, as on the pods and VMs of the bridge. */
function gatewayAddresses(one: PlacedBridge, host: Host): readonly Address[] {
  if (!one.isGateway) return [];
  return one.ranges.flatMap(({ subnet, blocks }) =>
    blocks
      .filter((block) => block.host === host.name)
      .map((block) => ({ link: one.name, address: `${formatIp(block.gateway)}/${subnet.length}` })),
  );
}

/**
 * Where several hosts share a subnet its members take all of it for on-link: the bridge answers ARP (RFC 1027) for the blocks that
 * it has routes to, at once and not after the kernel's random delay.
 */
function bridgeSysctls(one: PlacedBridge): readonly Sysctl[] {
  if (!one.isGateway) return [];
  const shared = one.hosts.length > 1 && one.ranges.some((range) => range.subnet.ip.family === "ipv4");
  const proxy = [
    { path: `net/ipv4/conf/${one.name}/proxy_arp`, value: "1" },
    { path: `net/ipv4/neigh/${one.name}/proxy_delay`, value: "0" },
  ];
  return [keepSecondaries(one.name), ...(shared ? proxy : [])];
}
