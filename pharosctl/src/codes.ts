import type { CodeEntry } from "@pharos/base";

/** Register of pharosctl: PHAROS-7000 to PHAROS-7099. */
export const CTL_USAGE: CodeEntry = {
  code: "PHAROS-7001",
  title: "the command cannot be understood",
  action: "`pharosctl help COMMAND` shows how it is used",
};
export const CTL_FILE_UNREADABLE: CodeEntry = {
  code: "PHAROS-7002",
  title: "a file cannot be read",
  action: "check the path and its permissions",
};
export const CTL_FILE_EXISTS: CodeEntry = {
  code: "PHAROS-7003",
  title: "a file is there already",
  action: "give another name, or --force to replace it",
};
export const CTL_UNREACHABLE: CodeEntry = {
  code: "PHAROS-7004",
  title: "Pharos cannot be reached",
  action: "check --server (a unix socket or host:port) and that `pharos standalone` or the operator's bridge runs",
};
export const CTL_REFUSED: CodeEntry = { code: "PHAROS-7005", title: "Pharos refused the request", action: "mend what the message names" };
export const CTL_FINDINGS: CodeEntry = {
  code: "PHAROS-7006",
  title: "the documents have errors",
  action: "mend the fields that the findings name",
};
export const CTL_FOREIGN_FOLDER: CodeEntry = {
  code: "PHAROS-7007",
  title: "the folder of your labs belongs to somebody else",
  action: "set TMPDIR or PHAROS_LAB_ROOT to a folder of your own",
};
export const CHECK_KERNEL_OLD: CodeEntry = {
  code: "PHAROS-7020",
  title: "kernel too old",
  action: "use Linux 5.13 or newer: older ones have errors in nftables' verdict maps",
};
export const CHECK_NFT_MISSING: CodeEntry = {
  code: "PHAROS-7021",
  title: "nft cannot be used",
  action: "install nftables 1.0.1 or newer, and run the check as root (CAP_NET_ADMIN)",
};
export const CHECK_TOOL_MISSING: CodeEntry = {
  code: "PHAROS-7022",
  title: "a program is missing",
  action: "install iproute2 for traffic shaping and the lab",
};
export const CHECK_NO_BRIDGE_NETFILTER: CodeEntry = {
  code: "PHAROS-7023",
  title: "bridges do not pass the firewall",
  action:
    "`modprobe br_netfilter`: without it pods of one bridge do not reach each other by a Service, and rules inside a bridge are refused",
};
export const CHECK_NO_IPV6: CodeEntry = { code: "PHAROS-7024", title: "no IPv6", action: "nothing, unless documents use IPv6 addresses" };
export const CHECK_CNI_FOREIGN: CodeEntry = {
  code: "PHAROS-7025",
  title: "another pod network is installed",
  action: "remove it, or install with values-existing-cni.yaml: then Pharos looks after the hosts' network and leaves pods to it",
};
export const CHECK_K3S_FLAGS: CodeEntry = {
  code: "PHAROS-7026",
  title: "k3s brings a network of its own",
  action:
    "start k3s with --flannel-backend=none --disable-network-policy, and remove /var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist",
};
export const CHECK_INTERFACE_MANAGED: CodeEntry = {
  code: "PHAROS-7027",
  title: "another program manages an interface",
  action: "tell NetworkManager or networkd to leave it alone, or set takeover: true on it in the Node document",
};
export const CHECK_SUBNET_OVERLAP: CodeEntry = {
  code: "PHAROS-7028",
  title: "a subnet is in use",
  action: "choose another subnet for the bridge, or remove what has it",
};
export const CHECK_POLICIES_UNENFORCED: CodeEntry = {
  code: "PHAROS-7029",
  title: "NetworkPolicies without effect",
  action: "write RoutingConfigs and SecurityConfigs for what they say; Pharos does not read NetworkPolicies",
};
export const CHECK_KINDS_MISSING: CodeEntry = {
  code: "PHAROS-7030",
  title: "CRDs are missing",
  action: "install the chart with crds.install=true, or `kubectl apply --server-side -f crds/`",
};
export const CHECK_NO_LEADER: CodeEntry = {
  code: "PHAROS-7031",
  title: "no operator works",
  action: "`kubectl -n pharos-system get pods,lease` and the operator's log; the network stays as it is meanwhile",
};
export const CHECK_HOST_SILENT: CodeEntry = {
  code: "PHAROS-7032",
  title: "a host without an agent",
  action: "`kubectl -n pharos-system get ds,pods -o wide` and the agent's log on that node",
};
export const CHECK_AGENT_NOT_COMMITTED: CodeEntry = {
  code: "PHAROS-7033",
  title: "a host does not run the newest revision",
  action: "read the message and `kubectl get hostreport NAME -o yaml`",
};
export const CHECK_DOCUMENT_NOT_ACCEPTED: CodeEntry = {
  code: "PHAROS-7034",
  title: "a document is not in effect",
  action: "mend what the condition names; until then its last valid version stays",
};
export const CHECK_CLUSTER_UNREACHABLE: CodeEntry = {
  code: "PHAROS-7035",
  title: "the cluster cannot be asked",
  action: "install kubectl and give --kubeconfig, or leave the cluster out with --host-only",
};
export const INSTALL_FAILED: CodeEntry = {
  code: "PHAROS-7040",
  title: "the installation did not finish",
  action: "run it as root, see the cause, and run it again: each step replaces what is there whole",
};
