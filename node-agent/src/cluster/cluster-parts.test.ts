import { describe, expect, test } from "@jest/globals";
import { clusterParts, mergedFacts } from "./cluster-parts.ts";
import { clusterService, coreNode, endpoints } from "./core-objects.ts";

const node = (name: string, more: { label?: string; cidr?: string; ip?: string; port?: number } = {}) => ({
  metadata: { name, resourceVersion: "7", labels: more.label === undefined ? {} : { "pharos.io/host": more.label }, managedFields: [] },
  spec: more.cidr === undefined ? {} : { podCIDR: more.cidr, podCIDRs: [more.cidr] },
  status: {
    addresses: [
      { type: "Hostname", address: name },
      { type: "InternalIP", address: more.ip ?? "10.0.0.1" },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: more.port ?? 10250 } },
    images: [{ names: ["large"] }],
  },
});
const slice = (name: string, addresses: readonly string[], port: number) => ({
  metadata: { name, namespace: "default" },
  endpoints: [{ addresses, conditions: { ready: false } }],
  ports: [{ port, protocol: "TCP" }],
});

describe("what is kept of the cluster", () => {
  test("is what decides about the network, and nothing else", () => {
    expect(coreNode(node("n1", { cidr: "10.42.0.0/24", label: "vm1" }))).toEqual({
      metadata: { name: "n1", resourceVersion: "7" },
      hostLabel: "vm1",
      podCidrs: ["10.42.0.0/24"],
      addresses: ["10.0.0.1"],
      kubeletPort: 10250,
    });
    expect(clusterService({ metadata: { name: "dns" } }).addresses).toEqual([]);
    expect(endpoints(slice("kubernetes", ["10.0.0.9"], 6443)).servers).toEqual([{ address: "10.0.0.9", port: 6443 }]);
  });

  test("calls a node by its label, our own by what it was started with", () => {
    const nodes = [node("n2", { label: "vm1" }), node("n1", { label: "soc9", port: 10999 }), node("n3")].map(coreNode);
    const parts = clusterParts({ nodes }, { nodeName: "n1", host: "soc1" });
    expect(parts.nodes?.map(({ name, host }) => `${name}=${host}`)).toEqual(["n1=soc1", "n2=vm1", "n3=n3"]);
    expect(parts.kubeletPort).toBe(10999);
  });

  test("is equal for equal objects in any order, without repetitions", () => {
    const slices = [slice("a", ["10.0.0.2"], 6443), slice("b", ["10.0.0.1", "10.0.0.2"], 6443)].map(endpoints);
    const own = { nodeName: "n1", apiServer: { address: "10.0.0.1", port: 6443 } };
    const expected = { apiServers: ["10.0.0.1", "10.0.0.2"].map((address) => ({ address, port: 6443 })) };
    expect(clusterParts({ apiServers: slices }, own)).toEqual(expected);
    expect(clusterParts({ apiServers: [...slices].reverse() }, own)).toEqual(expected);
  });
});

describe("facts of before", () => {
  const before = { nodes: [], apiServers: [{ address: "10.0.0.1", port: 6443 }], dns: ["10.96.0.10"], dnsEndpoints: [], kubeletPort: 1 };

  test("stay for the parts that were not heard yet", () => {
    const nodes = [{ name: "n1", host: "n1", podCidrs: [], addresses: [] }];
    expect(mergedFacts(before, { nodes })).toEqual({ ...before, nodes });
  });

  test("go where the API server says that there is nothing", () => {
    expect(mergedFacts(before, { dns: [] })?.dns).toEqual([]);
  });

  test("are none before any node was seen: nobody can tell then which pods are the cluster's", () => {
    expect(mergedFacts(undefined, { dns: ["10.96.0.10"] })).toBeUndefined();
  });
});
