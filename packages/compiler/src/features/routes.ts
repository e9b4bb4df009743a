import { formatIp, formatPrefix, networkOf, type Route, type Sysctl } from "@pharos/hoststate";
import type { Feature } from "../contribution.ts";
import { attachmentsOf } from "../topology/attachments.ts";
import { nextHops } from "../topology/next-hops.ts";
import type { Host, Vehicle } from "../vehicle/model.ts";
import { MAIN_TABLE, routeMetric } from "./route-metric.ts";

/**
 * Routes from a host to each prefix of the vehicle that is on none of its wires, also where a default route would lead the same
 * way: so a host keeps reaching the vehicle when its default route is changed or lost. Hosts with two wires forward.
 */
export const routes: Feature = ({ vehicle, host, facts }) => {
  const topology = attachmentsOf(vehicle);
  const own = new Set(host.interfaces.filter((intf) => !intf.managed).map((intf) => intf.name));
  const hops = host.managed ? nextHops(topology, host.name).filter((hop) => !hop.connected && !own.has(hop.link)) : [];
  const routes = hops.map((hop): Route => {
    const destination = networkOf(hop.destination);
    const base = { destination: formatPrefix(destination), table: MAIN_TABLE, metric: routeMetric(destination.ip.family), link: hop.link };
    const way = hop.via === undefined ? { scope: "link" as const } : { gateway: formatIp(hop.via.ip) };
    return { ...base, type: "unicast", ...way };
  });
  return { contribution: { routes, sysctls: forwarding(vehicle, host, facts.ipv6) }, findings: [] };
};

/** Reverse-path filters stay as the host has them: both directions of a flow take the same way, and the firewall checks sources. */
function forwarding(vehicle: Vehicle, host: Host, ipv6: boolean): readonly Sysctl[] {
  if (!host.managed || wiresOfHost(vehicle, host) < 2) return [];
  const on = [{ path: "net/ipv4/ip_forward", value: "1" }];
  if (!ipv6 || !usesIpv6(vehicle)) return on;
  // A host that forwards ignores router advertisements unless it is told otherwise, and would lose the way out by such an interface.
  const advertised = host.interfaces.filter((intf) => intf.managed && intf.type === "dhcp");
  const accept = advertised.map((intf) => ({ path: `net/ipv6/conf/${intf.name}/accept_ra`, value: "2" }));
  return [...on, { path: "net/ipv6/conf/all/forwarding", value: "1" }, ...accept];
}

function wiresOfHost(vehicle: Vehicle, host: Host): number {
  const gateways = vehicle.bridges.filter((bridge) => bridge.isGateway && bridge.hosts.includes(host.name));
  return new Set([...host.interfaces.map((intf) => intf.segment), ...gateways.map((bridge) => bridge.name)]).size;
}

function usesIpv6(vehicle: Vehicle): boolean {
  const prefixes = vehicle.bridges.flatMap((bridge) => bridge.ranges.map((range) => range.subnet));
  const addresses = vehicle.hosts.flatMap((host) => host.interfaces.flatMap((intf) => intf.address ?? []));
  return [...prefixes, ...addresses].some((prefix) => prefix.ip.family === "ipv6");
}
