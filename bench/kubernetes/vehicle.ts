/** The host whose agent is measured. */
export const HOST = "soc1";

const resource = (kind: string, name: string, spec: object) => ({ apiVersion: "pharos.io/v1", kind, metadata: { name }, spec });

/** A vehicle of one host, filtered, with a bridge for pods and one forwardRule. */
export function documents(): readonly object[] {
  const socs = [{ name: HOST, interfaces: [{ name: "eth0", type: "static", address: "10.77.0.1/24" }] }];
  const ipam = { type: "host-local", ranges: [{ subnet: "10.2.0.0/24" }] };
  const bridge = { name: "podBr0", type: "bridge", bridgeFor: "pod", isGateway: true, ipMasq: true, default: true, ipam };
  return [
    resource("Node", "car", { name: "car", socs, defaultAction: "DROP" }),
    resource("Bridge", "pods", { bridges: [bridge] }),
    resource("RoutingConfig", "rules", rulesWith(30_000)),
  ];
}

/** The specification of the RoutingConfig that changes: pods may reach the outside on this port. */
export function rulesWith(port: number): object {
  const rules = [{ action: "ACCEPT", protocol: "tcp", dstPort: port }];
  return { routingInfo: [{ srcIntfName: "podBr0", dstIntfName: "world", rules }] };
}

/** The core Node of that host. */
export function coreNode(name: string): object {
  const metadata = { name, labels: { "pharos.io/host": HOST } };
  return { apiVersion: "v1", kind: "Node", metadata, spec: { podCIDR: "10.42.0.0/24" } };
}
