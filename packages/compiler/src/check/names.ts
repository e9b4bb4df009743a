import type { Finding } from "@pharos/base";
import { isInterfaceName } from "@pharos/hoststate";
import { NAME_INVALID, NAME_TWICE } from "../codes.ts";
import type { DocumentSet } from "../documents.ts";
import { found, place } from "../found.ts";
import type { Host, Origin, Vehicle } from "../vehicle/model.ts";
import { nearestNames } from "../zones/nearest-names.ts";

interface Named {
  readonly name: string;
  /** What it is, for people: `host vm1`. */
  readonly what: string;
  readonly at: Origin;
}

/** Hosts, cloud VMs, bridges and qualified interfaces share one space of names, because a rule's end may be any of them. */
export function nameFindings(vehicle: Vehicle): readonly Finding[] {
  const machines = [...vehicle.hosts, ...vehicle.cloud];
  const zones: Named[] = [
    ...machines.map((host) => ({
      name: host.name,
      what: `${host.kind === "cloud" ? "cloud VM" : host.kind} ${host.name}`,
      at: host.origin,
    })),
    ...vehicle.bridges.map((bridge) => ({ name: bridge.name, what: `bridge ${bridge.name}`, at: bridge.origin })),
    ...machines.flatMap((host) =>
      host.interfaces.map((intf) => ({ name: intf.qualifiedName, what: `interface ${intf.name} of ${host.name}`, at: intf.origin })),
    ),
    { name: "world", what: "the zone of everything else", at: vehicle.origin },
  ];
  const perHost = vehicle.hosts.flatMap((host) => twice(linksOf(vehicle, host), ` on ${host.name}`));
  const distinct = new Map([...twice(zones, ""), ...perHost].map((finding) => [`${finding.source?.document} ${finding.path}`, finding]));
  return [...distinct.values(), ...vehicle.hosts.flatMap((host) => invalidLinks(vehicle, host))];
}

/** All that is a link of its own on the host; ports that are the host's interfaces are listed once, as interfaces. */
function linksOf(vehicle: Vehicle, host: Host): readonly Named[] {
  const bridges = vehicle.bridges.filter((bridge) => bridge.hosts.includes(host.name));
  const ends = vehicle.hosts.filter((child) => child.parent === host.name).flatMap((child) => child.interfaces);
  return [
    ...host.interfaces.map((intf) => ({ name: intf.name, what: `interface ${intf.name} of ${host.name}`, at: intf.origin })),
    ...ends.map((intf) => ({ name: intf.qualifiedName, what: `the end of ${intf.name} of ${intf.host}`, at: intf.origin })),
    ...bridges.map((bridge) => ({ name: bridge.name, what: `bridge ${bridge.name}`, at: bridge.origin })),
  ];
}

function twice(all: readonly Named[], where: string): readonly Finding[] {
  const first = new Map<string, Named>();
  return all.flatMap((one) => {
    const earlier = first.get(one.name);
    if (earlier === undefined) first.set(one.name, one);
    if (earlier === undefined) return [];
    const [owner, other] = one.name === "world" ? [one, earlier] : [earlier, one];
    const says = `the name ${one.name}${where} is taken twice: by ${other.what} and by ${owner.what} (${place(owner.at)})`;
    return [found({ code: NAME_TWICE, at: other.at, field: "name", says })];
  });
}

function invalidLinks(vehicle: Vehicle, host: Host): readonly Finding[] {
  const known = new Set<string>();
  const ports = vehicle.bridges.flatMap((bridge) => bridge.ports.filter((port) => port.host === host.name).map((port) => port.interface));
  return linksOf(vehicle, host).flatMap((link) => {
    const isEnd = link.what.startsWith("the end of");
    if (isInterfaceName(link.name) || known.has(link.name) || (isEnd && !ports.includes(link.name))) return [];
    known.add(link.name);
    const says = `${JSON.stringify(link.name)} on ${host.name} (${link.what}) is no interface name that Linux takes: 1 to 15 of A-Z a-z 0-9 _ . -`;
    const advice = isEnd ? "shorten the VM's name or its interface's name: together they have at most 15 characters" : NAME_INVALID.action;
    return [found({ code: NAME_INVALID, at: link.at, field: "name", says, advice })];
  });
}

/** Services are found by name, so a name means one service. */
export function serviceNameFindings(documents: Pick<DocumentSet, "serviceDeployments">): readonly Finding[] {
  const first = new Map<string, Origin>();
  return documents.serviceDeployments.flatMap((document) => {
    const { name, namespace = "default" } = document.metadata;
    return document.spec.services.flatMap((service, index) => {
      const at = { document: `ServiceDeployment/${namespace}/${name}`, path: `spec.services[${index}]` };
      const key = `${namespace}/${service.name}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, at);
      if (earlier === undefined) return [];
      return [found({ code: NAME_TWICE, at, field: "name", says: `the service ${key} is described twice: here and in ${place(earlier)}` })];
    });
  });
}

/** `; did you mean vm1 or vm2?`, or nothing when no known name is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearestNames(name, known);
  return near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
}
