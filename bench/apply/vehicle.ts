/** Size of the synthetic vehicle. `spokes` SoCs hang on one hub, so the hub forwards between all of them. */
export interface VehicleSize {
  readonly spokes: number;
  readonly bridgesPerHost: number;
  readonly forwardRules: number;
}

/** 10 hosts, 50 bridges, 10,000 forwardRules. */
export const LARGE: VehicleSize = { spokes: 9, bridgesPerHost: 5, forwardRules: 10_000 };

/** Name of the host that forwards between all others, and so enforces the most rules. */
export const HUB = "hub";

const RULES_PER_PAIR = 10;
const PAIRS_PER_DOCUMENT = 500;

/** The vehicle's documents as one YAML stream (JSON is YAML). Equal sizes give equal text. */
export function vehicleYaml(size: VehicleSize): string {
  const pairs = namedPairs(size);
  const documents: unknown[] = [nodeDocument(size), bridgeDocument(size)];
  for (let start = 0; start < pairs.length; start += PAIRS_PER_DOCUMENT) {
    const routingInfo = pairs.slice(start, start + PAIRS_PER_DOCUMENT).map((pair, index) => routingInfoOf(pair, start + index));
    documents.push(document("RoutingConfig", `rules-${start}`, { routingInfo }));
  }
  return documents.map((value) => JSON.stringify(value)).join("\n---\n");
}

function document(kind: string, name: string, spec: unknown): unknown {
  return { apiVersion: "pharos.io/v1", kind, metadata: { name }, spec };
}

function nodeDocument({ spokes }: VehicleSize): unknown {
  const numbers = [...Array(spokes).keys()].map((index) => index + 1);
  const hub = { name: HUB, interfaces: numbers.map((spoke) => wire(`eth${spoke}`, `172.30.${spoke}.1/24`, spoke)) };
  const others = numbers.map((spoke) => ({
    name: `soc${spoke}`,
    interfaces: [{ ...wire("eth0", `172.30.${spoke}.2/24`, spoke), gateway: `172.30.${spoke}.1` }],
  }));
  return document("Node", "bench", { name: "bench", defaultAction: "DROP", socs: [hub, ...others] });
}

function wire(name: string, address: string, spoke: number): Record<string, string> {
  return { name, type: "static", address, segment: `wire${spoke}` };
}

function bridgeDocument(size: VehicleSize): unknown {
  const bridges = bridgePlaces(size).map(({ name, host, subnet }, index) => ({
    name,
    type: "bridge",
    bridgeFor: "pod",
    hosts: [host],
    ipMasq: false,
    isGateway: true,
    default: index % size.bridgesPerHost === 0,
    ipam: { type: "host-local", ranges: [{ subnet: `${subnet}.0/24`, gateway: `${subnet}.1` }] },
  }));
  return document("Bridge", "bench", { bridges });
}

interface BridgePlace {
  readonly name: string;
  readonly host: string;
  readonly subnet: string;
}

function bridgePlaces({ spokes, bridgesPerHost }: VehicleSize): readonly BridgePlace[] {
  return [...Array((spokes + 1) * bridgesPerHost).keys()].map((index) => {
    const host = Math.floor(index / bridgesPerHost);
    return { name: `br${index}`, host: host === 0 ? HUB : `soc${host}`, subnet: `10.${host + 1}.${index % bridgesPerHost}` };
  });
}

/** Ordered pairs of bridges on different hosts, spread evenly over all such pairs. */
function namedPairs(size: VehicleSize): readonly (readonly [BridgePlace, BridgePlace])[] {
  const places = bridgePlaces(size);
  const all = places.flatMap((from) => places.filter((to) => to.host !== from.host).map((to) => [from, to] as const));
  const wanted = Math.ceil(size.forwardRules / RULES_PER_PAIR);
  return [...Array(wanted).keys()].flatMap((index) => all.slice(Math.floor((index * all.length) / wanted)).slice(0, 1));
}

function routingInfoOf([from, to]: readonly [BridgePlace, BridgePlace], pair: number): unknown {
  const rules = [...Array(RULES_PER_PAIR).keys()].map((index) => {
    const port = 1024 + ((pair * RULES_PER_PAIR + index) % 60_000);
    if (index === RULES_PER_PAIR - 1) return { action: "DROP", protocol: "udp", dstPort: port };
    if (index === RULES_PER_PAIR - 2) return { action: "ACCEPT", protocol: "dds", dstPort: port };
    return {
      action: "ACCEPT",
      protocol: index % 2 === 0 ? "tcp" : "udp",
      dstPort: port,
      ...(index % 3 === 0 ? { srcPort: port + 1 } : {}),
    };
  });
  return { srcIntfName: from.name, dstIntfName: to.name, rules };
}
