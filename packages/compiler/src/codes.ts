import type { CodeEntry } from "@pharos/base";

/** A document set describes exactly one vehicle. */
export const VEHICLE_COUNT: CodeEntry = {
  code: "PHAROS-1100",
  title: "not exactly one Node document",
  action: "keep one Node document for the whole vehicle",
};

export const VEHICLE_NO_SOC: CodeEntry = {
  code: "PHAROS-1101",
  title: "a vehicle without a SoC",
  action: "name at least one SoC in spec.socs",
};

export const ADDRESS_UNREADABLE: CodeEntry = {
  code: "PHAROS-1102",
  title: "an address or prefix that cannot be read",
  action: "write an IPv4 or IPv6 address, with a prefix length where a prefix is asked for (10.1.0.2/24)",
};

export const HOST_UNKNOWN: CodeEntry = {
  code: "PHAROS-1103",
  title: "a host that the Node document does not describe",
  action: "add it to spec.socs or their vms, or correct the name",
};

export const INTERFACE_UNKNOWN: CodeEntry = {
  code: "PHAROS-1104",
  title: "a port that the Node document does not describe",
  action: "nothing if the host has it and it needs no address; else name an interface of the host, or of a VM on it as <host><Interface>",
};

export const NAME_TWICE: CodeEntry = {
  code: "PHAROS-1110",
  title: "one name for two things",
  action: "rename one of them",
};

export const NAME_INVALID: CodeEntry = {
  code: "PHAROS-1111",
  title: "a name that the kernel takes for no interface",
  action: "use 1 to 15 bytes without spaces, slashes and colons",
};

export const SUBNETS_OVERLAP: CodeEntry = {
  code: "PHAROS-1120",
  title: "overlapping subnets",
  action: "give each bridge and each wire a subnet of its own",
};

export const ADDRESS_TWICE: CodeEntry = {
  code: "PHAROS-1121",
  title: "one address for two interfaces",
  action: "change one of them",
};

export const ADDRESS_OUTSIDE: CodeEntry = {
  code: "PHAROS-1122",
  title: "an address outside its subnet",
  action: "take an address of the subnet, or correct the subnet",
};

export const ADDRESS_RESERVED: CodeEntry = {
  code: "PHAROS-1123",
  title: "the network or broadcast address of a subnet as a host's address",
  action: "take an address between the two",
};

export const GATEWAY_UNREACHABLE: CodeEntry = {
  code: "PHAROS-1124",
  title: "a gateway that lies in no subnet of the host",
  action: "use an address on the interface's own subnet",
};

export const ADDRESS_MISSING: CodeEntry = {
  code: "PHAROS-1125",
  title: "a static interface without an address",
  action: "give it an address, or type dhcp",
};

export const GATEWAYS_COMPETE: CodeEntry = {
  code: "PHAROS-1126",
  title: "two default routes on one host",
  action: "keep one gateway on each host, or accept the order that is used",
};

export const RANGE_EXHAUSTED: CodeEntry = {
  code: "PHAROS-1130",
  title: "a range with no room",
  action: "use a larger subnet or smaller blocks, or fewer hosts",
};

export const RANGE_REVERSED: CodeEntry = {
  code: "PHAROS-1131",
  title: "a range that ends before it starts",
  action: "swap rangeStart and rangeEnd",
};

export const BLOCK_CONFLICT: CodeEntry = {
  code: "PHAROS-1132",
  title: "fixed addresses that fit into no block",
  action: "keep the fixed addresses of one host together, or declare a larger blockSize",
};

export const DEFAULT_TWICE: CodeEntry = {
  code: "PHAROS-1140",
  title: "two default bridges on one host",
  action: "keep default: true on one bridge of each host",
};

export const BRIDGE_NOWHERE: CodeEntry = {
  code: "PHAROS-1141",
  title: "a bridge that no host carries",
  action: "name the hosts, or add a host of the kind that carries such a bridge",
};

export const BRIDGE_UNMANAGED: CodeEntry = {
  code: "PHAROS-1142",
  title: "a bridge on a host without an agent",
  action: "choose a managed host",
};

export const PORT_TWICE: CodeEntry = {
  code: "PHAROS-1143",
  title: "one interface as a port of two bridges",
  action: "keep it in one bridge",
};

export const PORT_WITH_ADDRESS: CodeEntry = {
  code: "PHAROS-1144",
  title: "an address on a port of a bridge",
  action: "move the address to the bridge (isGateway), or take the interface out of ports",
};

export const PORT_IS_BRIDGE: CodeEntry = {
  code: "PHAROS-1145",
  title: "a bridge as a port of a bridge",
  action: "name an interface; Linux takes no bridge as a port, and traffic between bridges is routed",
};

export const SUBNET_UNKNOWN: CodeEntry = {
  code: "PHAROS-1146",
  title: "a bridge whose subnet nobody knows",
  action: "give the bridge's ipam a range with the subnet that its addresses are of",
};

export const INTERFACE_MANAGED_ELSEWHERE: CodeEntry = {
  code: "PHAROS-1150",
  title: "an interface that another program manages",
  action: "take it away from that program, or say takeover: true",
};

export const INTERFACE_ABSENT: CodeEntry = {
  code: "PHAROS-1151",
  title: "an interface that the host does not have at the moment",
  action: "nothing when it appears later (a VM that boots); else correct the name",
};

export const HOST_NOT_HERE: CodeEntry = {
  code: "PHAROS-1160",
  title: "compiled for a host that the Node document does not describe",
  action: "start the agent with --host and a name from the Node document",
};

export const CLAIMED_TWICE: CodeEntry = {
  code: "PHAROS-1161",
  title: "two features want different things of one object",
  action: "change one of the two documents",
};

export const CLUSTER_NODE_OFF_LINK: CodeEntry = {
  code: "PHAROS-1200",
  title: "a Kubernetes node that is on no link of this host",
  action: "put the nodes' InternalIPs on one network, or describe the hosts, their interfaces and a Bridge for pods in documents",
};

export const CLUSTER_PODS_UNGOVERNED: CodeEntry = {
  code: "PHAROS-1201",
  title: "pods that no rule governs",
  action: "describe a Bridge for pods (bridgeFor: pod) on this host; new pods then get addresses that rules can name",
};

export const SERVICE_DEPENDENCY: CodeEntry = {
  code: "PHAROS-1230",
  title: "a service that would never start",
  action: "name services of the same document in dependsOn, and none that waits for this one",
};

export const CLUSTER_SUBNET_OVERLAP: CodeEntry = {
  code: "PHAROS-1202",
  title: "a bridge's subnet inside the cluster's podCIDRs",
  action: "take a subnet outside the cluster's pod network (k3s: 10.42.0.0/16 unless --cluster-cidr says otherwise)",
};

export const CLUSTER_NO_BRIDGE_NETFILTER: CodeEntry = {
  code: "PHAROS-1203",
  title: "a Kubernetes node without br_netfilter",
  action: "load the module br_netfilter; a reply inside a bridge is translated back only where bridges call the firewall",
};

export const CLUSTER_DNS_WITHOUT_ROUTE: CodeEntry = {
  code: "PHAROS-1204",
  title: "pods without a route to cluster DNS",
  action: "add a route to the bridge's ipam.routes: { dst: 0.0.0.0/0 }, or the cluster's Service network",
};
