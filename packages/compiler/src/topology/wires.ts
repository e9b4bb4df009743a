import type { Host, HostInterface, PlacedBridge, Vehicle } from "../vehicle/model.ts";

/** Tells for interfaces and bridges which layer-2 domain they are in. Domains are named by text; the names mean nothing else. */
export interface Wires {
  ofInterface(host: Host, intf: HostInterface): string;
  ofBridge(bridge: string, host: string): string;
}

/**
 * The layer-2 domains of a vehicle. Each host's instance of a bridge is a domain of its own, even where several share a subnet;
 * a segment is one, unless its members are ports of a bridge; a wire between ports joins the bridges at its ends.
 */
export function wiresOf(vehicle: Vehicle): Wires {
  const carried = new Set(vehicle.bridges.flatMap((bridge) => bridge.hosts.map((host) => bridgeDomain(bridge.name, host))));
  const segmentDomain = (host: Host, intf: HostInterface): string => {
    const bridged = bridgeDomain(intf.segment, host.parent ?? host.name);
    return carried.has(bridged) ? bridged : `segment ${intf.segment}`;
  };
  const sets = new DisjointSets();
  for (const bridge of vehicle.bridges) {
    for (const port of bridge.ports) {
      const end = farEnd(vehicle, port);
      if (end !== undefined) sets.join(bridgeDomain(bridge.name, port.host), segmentDomain(end.host, end.intf));
    }
  }
  return {
    ofInterface: (host, intf) => sets.find(segmentDomain(host, intf)),
    ofBridge: (bridge, host) => sets.find(bridgeDomain(bridge, host)),
  };
}

function bridgeDomain(bridge: string, host: string): string {
  return `bridge ${bridge} on ${host}`;
}

/** The declared interface behind a port: the host's own one, or that of a VM whose name on its SoC it is. */
function farEnd(vehicle: Vehicle, port: PlacedBridge["ports"][number]): { host: Host; intf: HostInterface } | undefined {
  for (const host of vehicle.hosts) {
    const own = host.name === port.host ? host.interfaces.find((intf) => intf.name === port.interface) : undefined;
    const below = host.parent === port.host ? host.interfaces.find((intf) => intf.qualifiedName === port.interface) : undefined;
    const intf = own ?? below;
    if (intf !== undefined) return { host, intf };
  }
  return undefined;
}

/** Sets of names that only ever grow together (union-find); the smallest name stands for a set. */
class DisjointSets {
  readonly #parent = new Map<string, string>();

  find(name: string): string {
    let root = name;
    for (let next = this.#parent.get(root); next !== undefined; next = this.#parent.get(root)) root = next;
    return root;
  }

  join(a: string, b: string): void {
    const [low, high] = [this.find(a), this.find(b)].sort();
    if (low !== undefined && high !== undefined && low !== high) this.#parent.set(high, low);
  }
}
