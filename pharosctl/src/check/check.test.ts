import { describe, expect, test } from "@jest/globals";
import type { Finding } from "@pharos/base";
import { type DocumentSet, documentSet } from "@pharos/compiler";
import type { Bridge, Node } from "@pharos/kinds";
import { checkClusterAfter, checkClusterBefore } from "./check-cluster.ts";
import { checkHost } from "./check-host.ts";
import type { ClusterSurvey, HostSurvey } from "./survey.ts";

const HOST: HostSurvey = {
  kernel: "6.1.0-18-amd64",
  nft: "1.0.6",
  hasIp: true,
  hasTc: true,
  bridgeNetfilter: true,
  ipv6: true,
  interfaces: [{ name: "eth0", addresses: ["192.168.10.5/24"], virtual: false }],
  cniFiles: [{ path: "/etc/cni/net.d/99-loopback.conf", types: ["loopback"] }],
};

const CLUSTER: ClusterSurvey = {
  nodes: [{ name: "vm1", podCidrs: ["10.42.0.0/24"], ready: true }],
  networkPolicies: [],
  apiService: "10.43.0.1",
  foreignNetworks: [],
  kinds: [
    "Node",
    "Bridge",
    "RoutingConfig",
    "SecurityConfig",
    "ServiceDeployment",
    "ConfigRevision",
    "HostReport",
    "PodNetwork",
    "ServiceRegistration",
  ],
  documents: [],
  hosts: [{ host: "vm1", node: "vm1", state: "Committed", message: "" }],
  leader: "one",
};

function documents(subnet: string, node: Partial<Node["spec"]["socs"][number]> = {}): DocumentSet {
  const bridge = {
    apiVersion: "pharos.io/v1",
    kind: "Bridge",
    metadata: { name: "pods" },
    spec: {
      bridges: [
        {
          name: "podBr0",
          type: "bridge",
          bridgeFor: "pod",
          ipMasq: true,
          isGateway: true,
          default: false,
          ipam: { type: "host-local", ranges: [{ subnet }] },
        },
      ],
    },
  } as Bridge;
  const vehicle = {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name: "car" },
    spec: { name: "car", defaultAction: "DROP", enforcement: "enforce", socs: [{ name: "soc1", managed: true, ...node }] },
  } as Node;
  return documentSet([bridge, vehicle]);
}

const texts = (findings: readonly Finding[]) => findings.map(({ severity, code, description }) => `${severity} ${code} ${description}`);

describe("check --pre on a machine", () => {
  test("finds nothing on a machine that is as it should be", () => {
    expect(texts(checkHost(HOST, documents("10.2.1.0/24")))).toEqual([]);
  });

  test.each<[string, Partial<HostSurvey>, string]>([
    ["an old kernel", { kernel: "5.10.0" }, "ERROR PHAROS-7020 this kernel is 5.10.0; 5.13 is the oldest that works"],
    ["no nft", { nft: undefined }, "ERROR PHAROS-7021 nft is not installed"],
    ["an old nft", { nft: "0.9.8" }, "ERROR PHAROS-7021 nft is 0.9.8; 1.0.1 is the oldest that works"],
    ["an nft that may not", { nftProblem: "Operation not permitted" }, "ERROR PHAROS-7021 nft does not work: Operation not permitted"],
    ["no tc", { hasTc: false }, "WARNING PHAROS-7022 tc (iproute2) is not installed"],
    ["no br_netfilter", { bridgeNetfilter: false }, "WARNING PHAROS-7023 br_netfilter is not loaded"],
    [
      "a foreign CNI",
      { cniFiles: [{ path: "/etc/cni/net.d/10-flannel.conflist", types: ["flannel", "portmap"] }] },
      "ERROR PHAROS-7025 /etc/cni/net.d/10-flannel.conflist belongs to another network (flannel, portmap)",
    ],
    [
      "k3s with its own network",
      { k3s: { arguments: ["/usr/local/bin/k3s", "server", "--flannel-backend", "none"], from: "k3s.service" } },
      "ERROR PHAROS-7026 k3s runs without --disable-network-policy (k3s.service)",
    ],
    [
      "a subnet that is in use",
      { interfaces: [{ name: "eth1", addresses: ["10.2.1.9/25"], virtual: false }] },
      "ERROR PHAROS-7028 10.2.1.0/24 of podBr0 overlaps 10.2.1.0/25 on eth1",
    ],
  ])("finds %s", (_what, more, expected) => {
    expect(texts(checkHost({ ...HOST, ...more }, documents("10.2.1.0/24")))).toEqual([expected]);
  });

  test("our own conflist, also with others' plugins behind it, is no foreign one", () => {
    expect(checkHost({ ...HOST, cniFiles: [{ path: "05-pharos.conflist", types: ["pharos-cni", "tuning"] }] })).toEqual([]);
  });

  test("an interface that the documents set up must not be another program's, unless it is taken over", () => {
    const survey: HostSurvey = { ...HOST, interfaces: [{ name: "eth0", addresses: [], virtual: false, manager: "networkd" }] };
    const eth0 = { name: "eth0", type: "static" } as const;
    const of = (more: object) => checkHost(survey, documents("10.2.1.0/24", { interfaces: [{ ...eth0, ...more }] } as never));
    expect(texts(of({}))).toEqual(["ERROR PHAROS-7027 networkd manages eth0, which the documents set up"]);
    expect(texts(of({ takeover: true }))).toEqual([]);
  });
});

describe("check on a cluster", () => {
  test("finds nothing on one that works", () => {
    expect(texts([...checkClusterBefore(CLUSTER, documents("10.2.1.0/24")), ...checkClusterAfter(CLUSTER)])).toEqual([]);
  });

  test("finds another pod network, unenforced policies, and subnets of the cluster's own", () => {
    const survey = { ...CLUSTER, foreignNetworks: ["kube-system/calico-node"], networkPolicies: ["shop/deny-all"] };
    expect(texts(checkClusterBefore(survey, documents("10.42.0.0/15")))).toEqual([
      "ERROR PHAROS-7025 the DaemonSet kube-system/calico-node is another pod network",
      "WARNING PHAROS-7029 1 NetworkPolicies are not enforced: shop/deny-all",
      "ERROR PHAROS-7028 10.42.0.0/15 of podBr0 covers the cluster's Service 10.43.0.1",
      "WARNING PHAROS-7028 10.42.0.0/15 of podBr0 overlaps the podCIDR of node vm1",
    ]);
  });

  test("finds what does not work after an installation", () => {
    const { leader: _leader, ...leaderless } = CLUSTER;
    const survey: ClusterSurvey = {
      ...leaderless,
      nodes: [...CLUSTER.nodes, { name: "vm2", podCidrs: [], ready: true }],
      kinds: CLUSTER.kinds.filter((kind) => kind !== "Bridge"),
      documents: [{ title: "Node/car", conditions: [{ type: "Accepted", status: "False", message: "two vehicles" }] }],
      hosts: [{ host: "left", node: "vm1", state: "RolledBack", message: "nft refused it" }],
    };
    expect(texts(checkClusterAfter(survey))).toEqual([
      "ERROR PHAROS-7030 the API server does not know Bridge.pharos.io",
      "ERROR PHAROS-7031 no operator leads",
      "WARNING PHAROS-7032 no agent has reported for the Kubernetes node vm2",
      "ERROR PHAROS-7033 left is RolledBack: nft refused it",
      "ERROR PHAROS-7034 Node/car is not Accepted: two vehicles",
    ]);
  });
});
