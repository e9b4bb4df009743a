import type { Finding } from "@pharos/base";
import { type Address, formatIp, formatPrefix, type PhysicalLink, type RenderedFile, type Route, type Sysctl } from "@pharos/hoststate";
import { takeoverFindings } from "../check/takeover.ts";
import { GATEWAYS_COMPETE } from "../codes.ts";
import type { Feature } from "../contribution.ts";
import { found } from "../found.ts";
import { bridgeOfPort } from "../topology/attachments.ts";
import type { Host, HostInterface, Vehicle } from "../vehicle/model.ts";
import { compareText } from "../vehicle/names.ts";
import { MAIN_TABLE, routeMetric } from "./route-metric.ts";

/** A resolver configuration of ours; a host uses it by a link from /etc/resolv.conf, which belongs to the host. */
export const RESOLV_CONF_PATH = "/run/pharos/resolv.conf";

/** What the Node document says about one host: its interfaces, their addresses, the default route, its name servers. */
export const node: Feature = ({ vehicle, host, facts }) => {
  const interfaces = host.interfaces.filter((intf) => intf.managed);
  const gateways = defaultRoutes(vehicle, host, interfaces);
  return {
    contribution: {
      links: interfaces.map((intf) => interfaceLink(vehicle, intf)),
      addresses: interfaces.flatMap(staticAddresses),
      routes: gateways.routes,
      sysctls: interfaces.flatMap((intf) => (intf.type === "static" ? [keepSecondaries(intf.name)] : [])),
      files: resolverFile(interfaces),
    },
    findings: [...takeoverFindings(host, facts), ...gateways.findings],
  };
};

/** The interface is set up, and is a port of the bridge whose `ports` name it; else its master is left as it is. */
function interfaceLink(vehicle: Vehicle, intf: HostInterface): PhysicalLink {
  const bridge = bridgeOfPort(vehicle, intf.host, intf.name);
  return {
    kind: "physical",
    name: intf.name,
    ...(intf.mtu === undefined ? {} : { mtu: intf.mtu }),
    ...(bridge === undefined ? {} : { master: bridge.name }),
  };
}

/** Addresses of dhcp interfaces are set by the DHCP client that got them. */
function staticAddresses(intf: HostInterface): readonly Address[] {
  if (intf.type !== "static" || intf.address === undefined) return [];
  return [{ link: intf.name, address: formatPrefix(intf.address) }];
}

/** So that the kernel, when the first address of a subnet goes, does not take the others of that subnet along. */
export function keepSecondaries(link: string): Sysctl {
  return { path: `net/ipv4/conf/${link}/promote_secondaries`, value: "1" };
}

interface Gateway {
  readonly intf: HostInterface;
  readonly text: string;
}

/** One default route a family and interface with a gateway; of several the uplink's wins, then the first by name. */
function defaultRoutes(vehicle: Vehicle, host: Host, interfaces: readonly HostInterface[]): { routes: Route[]; findings: Finding[] } {
  const routes: Route[] = [];
  const findings: Finding[] = [];
  for (const family of ["ipv4", "ipv6"] as const) {
    const declared = interfaces
      .flatMap((intf): Gateway[] =>
        intf.gateway?.family === family && intf.type === "static" ? [{ intf, text: formatIp(intf.gateway) }] : [],
      )
      .sort((a, b) => Number(b.intf.uplink) - Number(a.intf.uplink) || compareText(a.intf.name, b.intf.name));
    declared.forEach(({ intf, text }, rank) => {
      const link = bridgeOfPort(vehicle, host.name, intf.name)?.name ?? intf.name;
      const destination = family === "ipv4" ? "0.0.0.0/0" : "::/0";
      routes.push({ destination, table: MAIN_TABLE, metric: routeMetric(family, rank), type: "unicast", gateway: text, link });
      const first = declared[0];
      if (rank > 0 && first !== undefined) findings.push(competing(intf, first.intf));
    });
  }
  return { routes, findings };
}

function competing(intf: HostInterface, first: HostInterface): Finding {
  const says = `${intf.host} already has its default route by ${first.name} (${first.origin.path}); the one by ${intf.name} is used only while ${first.name} is down`;
  return found({ code: GATEWAYS_COMPETE, at: intf.origin, field: "gateway", says, severity: "WARNING" });
}

/** resolv.conf(5); the resolver reads the first three servers. */
function resolverFile(interfaces: readonly HostInterface[]): readonly RenderedFile[] {
  const servers = [...new Set(interfaces.flatMap((intf) => intf.nameservers))];
  if (servers.length === 0) return [];
  const lines = ["# Written by Pharos from the Node document.", ...servers.map((server) => `nameserver ${server}`)];
  return [{ path: RESOLV_CONF_PATH, mode: 0o644, content: `${lines.join("\n")}\n` }];
}
