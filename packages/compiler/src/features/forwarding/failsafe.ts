import { compareIp, type FirewallRule, type FirewallSet, formatIp, type Ip } from "@pharos/hoststate";
import type { HostZone } from "../../zones/zone.ts";
import { FAMILIES, type ForwardingContext, originText, vehicleOrigin } from "./context.ts";

/** Ports that every managed host keeps open: PTP (IEEE 1588-2019, annex C). */
const PTP = [
  { protocol: "udp", port: 319 },
  { protocol: "udp", port: 320 },
] as const;

/** DHCP (RFC 2131), DHCPv6 (RFC 8415): client and server ports. */
const DHCP_PORTS = "67, 68, 546, 547";

/** Neighbour and router discovery (RFC 4861) and multicast listeners (RFC 2710, RFC 3810), without which IPv6 does not work. */
const NEIGHBOUR_DISCOVERY =
  "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, nd-router-solicit, nd-router-advert, " +
  "nd-neighbor-solicit, nd-neighbor-advert, nd-redirect, mld2-listener-report } accept";

/** Sets of what no rule can close: `hosts` (managed hosts' addresses), `failsafe` (address, protocol, port). */
export function failsafeSets(context: ForwardingContext): readonly FirewallSet[] {
  return FAMILIES.flatMap(({ family, suffix, type }): FirewallSet[] => {
    const hosts = sorted(managedHosts(context).flatMap((host) => host.addresses.filter((ip) => ip.family === family)));
    const targets = [...new Set(failsafeTargets(context, hostAddresses(context, family)))].sort();
    return [
      { kind: "set", name: `hosts-${suffix}`, type, interval: false, elements: hosts.map(formatIp) },
      { kind: "set", name: `failsafe-${suffix}`, type: `${type} . inet_proto . inet_service`, interval: false, elements: targets },
    ];
  });
}

/** What a host's own traffic may reach although a rule or the default would drop it, on a host that forwards it. */
export function forwardFailsafe(context: ForwardingContext): readonly FirewallRule[] {
  const origin = vehicleOrigin(context, "failsafe");
  const toPorts = FAMILIES.map(({ ip, suffix }) => ({
    body: `${ip} saddr @hosts-${suffix} ${ip} daddr . meta l4proto . th dport @failsafe-${suffix} accept`,
    origin,
  }));
  return [{ body: NEIGHBOUR_DISCOVERY, origin: originText("failsafe neighbour discovery") }, ...toPorts];
}

/** The same for the host's own input: its declared ports, whoever asks. */
export function inputFailsafe(context: ForwardingContext): readonly FirewallRule[] {
  const origin = vehicleOrigin(context, "failsafe");
  const toPorts = FAMILIES.map(({ ip, suffix }) => ({ body: `${ip} daddr . meta l4proto . th dport @failsafe-${suffix} accept`, origin }));
  return [
    { body: NEIGHBOUR_DISCOVERY, origin: originText("failsafe neighbour discovery") },
    { body: `udp dport { ${DHCP_PORTS} } accept`, origin: originText("failsafe DHCP") },
    ...toPorts,
  ];
}

function managedHosts(context: ForwardingContext): readonly HostZone[] {
  return context.zones.filter((zone): zone is HostZone => zone.kind === "host" && zone.managed);
}

type AddressesOf = (host: string) => readonly Ip[];

function hostAddresses(context: ForwardingContext, family: Ip["family"]): AddressesOf {
  const hosts = context.zones.filter((zone): zone is HostZone => zone.kind === "host" && !zone.cloud);
  return (name) =>
    sorted(hosts.filter((host) => host.name === name).flatMap((host) => host.addresses.filter((ip) => ip.family === family)));
}

function failsafeTargets(context: ForwardingContext, addressesOf: AddressesOf): readonly string[] {
  const everywhere = managedHosts(context).flatMap((host) => [...context.ownPorts, ...PTP].map((port) => ({ host: host.name, ...port })));
  return [...context.vehicle.failsafe, ...everywhere].flatMap(({ host, protocol, port }) =>
    addressesOf(host).map((ip) => `${formatIp(ip)} . ${protocol} . ${port}`),
  );
}

function sorted(addresses: readonly Ip[]): readonly Ip[] {
  return [...addresses].sort(compareIp);
}
