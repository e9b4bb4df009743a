import type { Cluster } from "@pharos/lab/kubernetes";

/** The bridge that both nodes share, and the zone of the machine outside. */
export const BRIDGE = "podBr0";
export const OUTSIDE_ZONE = "backend";
/** A bridge for those pods that ask for it, on both nodes, too. */
export const SECOND_BRIDGE = "podBr1";
export const SECOND_SUBNET = "10.78.0.0/24";
/** The subnet of the bridge; each node has a block of 64 addresses. */
export const SUBNET = "10.77.0.0/24";

/** Node and Bridge of the cluster, as kubectl takes them. Default deny begins with them. */
export function vehicle({ nodes, network, outside }: Cluster): string {
  const socs = nodes.map(({ name, machine }) => ({
    name,
    interfaces: [{ name: "eth0", type: "static", address: machine.address, gateway: network.host }],
  }));
  const cloud = [{ name: OUTSIDE_ZONE, interfaces: [{ name: "eth0", address: outside.address }] }];
  const bridge = (name: string, subnet: string, more: object) => ({
    name,
    type: "bridge",
    bridgeFor: "pod",
    isGateway: true,
    ipMasq: true,
    hosts: nodes.map((node) => node.name),
    ipam: { type: "host-local", blockSize: 26, ranges: [{ subnet }], routes: [{ dst: "0.0.0.0/0" }] },
    ...more,
  });
  const bridges = [bridge(BRIDGE, SUBNET, { default: true }), bridge(SECOND_BRIDGE, SECOND_SUBNET, {})];
  return list([document("Node", "car", { name: "car", socs, cloud }), document("Bridge", "pods", { bridges })]);
}

/** A RoutingConfig that lets pods reach one TCP port of the machine outside. */
export function routing(port: number): string {
  const rules = [{ action: "ACCEPT", protocol: "tcp", dstPort: port }];
  return list([document("RoutingConfig", "outside", { routingInfo: [{ srcIntfName: BRIDGE, dstIntfName: OUTSIDE_ZONE, rules }] })]);
}

function document(kind: string, name: string, spec: object): object {
  return { apiVersion: "pharos.io/v1", kind, metadata: { name }, spec };
}

function list(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
