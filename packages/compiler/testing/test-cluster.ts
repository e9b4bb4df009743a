import type { ClusterFacts } from "../src/cluster/cluster-facts.ts";
import type { HostFacts, Live } from "../src/documents.ts";

/** Two dual-stack nodes, soc1 (with the API server) and soc2, and cluster DNS with a pod on soc2. Test support. */
export const TWO_NODES: ClusterFacts = {
  nodes: [
    { name: "node1", host: "soc1", podCidrs: ["10.42.0.0/24", "fd00:42::/64"], addresses: ["10.1.0.2", "fd00:1::2"] },
    { name: "node2", host: "soc2", podCidrs: ["10.42.1.0/24", "fd00:42:0:1::/64"], addresses: ["10.1.0.3", "fd00:1::3"] },
  ],
  apiServers: [{ address: "10.1.0.2", port: 6443 }],
  dns: ["10.43.0.10"],
  dnsEndpoints: ["10.42.1.5"],
  kubeletPort: 10250,
};

/** What the kernel of `soc1` or `soc2` tells. */
export function nodeFacts(host: string): HostFacts {
  const last = host === "soc1" ? 2 : 3;
  const interfaces = [{ name: "eth0", addresses: [`10.1.0.${last}/24`, `fd00:1::${last}/64`] }];
  return { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces };
}

/** A pod of `host` with an address. */
export function attachedPod(host: string, bridge: string, address: string): Live["podNetworks"][number] {
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name: `pod-${host}`, namespace: "default" },
    spec: { host, bridge, pod: { namespace: "default", name: `pod-${host}` } },
    status: { phase: "Attached", addresses: [address] },
  };
}
