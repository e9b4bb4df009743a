import type { CodeEntry } from "@pharos/base";

/** Register of the agent: PHAROS-4000 to PHAROS-4099. */
export const AGENT_SNAPSHOT_UNREADABLE: CodeEntry = {
  code: "PHAROS-4001",
  title: "a state file of the agent cannot be read",
  action: "the file is set aside and the agent goes on without it; check the disk",
};
export const AGENT_SNAPSHOT_UNWRITABLE: CodeEntry = {
  code: "PHAROS-4002",
  title: "the last good revision cannot be stored",
  action: "free space on the disk or mount it writable; until then a restart comes back with an older revision",
};
export const AGENT_NOT_CONVERGED: CodeEntry = {
  code: "PHAROS-4003",
  title: "the kernel is not in the wanted state after the plan was applied",
  action: "look for another program that changes the same objects; `pharosctl plan` shows what should be there",
};
export const AGENT_REVISION_REFUSED: CodeEntry = {
  code: "PHAROS-4004",
  title: "this host cannot run the revision",
  action: "mend the fields that the findings name; until then the last good revision stays",
};
export const AGENT_PLUGIN_FAILED: CodeEntry = {
  code: "PHAROS-4005",
  title: "the agent executed the CNI plugin for a pod in vain",
  action: "see the plugin's own error; the agent tries again by itself",
};
export const AGENT_SEED_INVALID: CodeEntry = {
  code: "PHAROS-4006",
  title: "the seed cannot be used",
  action: "mend /etc/pharos/seed.yaml; the agent waits for a revision from the store",
};
export const AGENT_REVISION_UNCOMPILABLE: CodeEntry = {
  code: "PHAROS-4007",
  title: "this version of Pharos cannot work out a revision",
  action: "a defect of Pharos: report it together with the revision; until then the last good revision stays",
};
export const AGENT_POD_UNREACHABLE: CodeEntry = {
  code: "PHAROS-4008",
  title: "a running pod cannot be given an interface",
  action: "start the pod anew: the request's bridge then counts from its beginning",
};
export const AGENT_CNI_FOREIGN: CodeEntry = {
  code: "PHAROS-4040",
  title: "another CNI network is configured on this host, so Pharos does not become its pods' network",
  action: "remove the other network's configuration, or install Pharos beside it (values-existing-cni.yaml of the chart, `--no-conflist`)",
};
export const AGENT_CNI_SHADOWED: CodeEntry = {
  code: "PHAROS-4041",
  title: "another CNI configuration comes before Pharos' own",
  action: "remove it, or give it a name that sorts after 05-pharos.conflist: the container runtime takes the first one",
};
export const AGENT_CNI_NOT_INSTALLED: CodeEntry = {
  code: "PHAROS-4042",
  title: "the CNI plugin or its configuration cannot be installed",
  action: "make the folder writable for the agent, or name another one with --cni-bin-dir or --cni-conf-dir",
};
export const AGENT_ACCESS_REFUSED: CodeEntry = {
  code: "PHAROS-4043",
  title: "the API server does not show the agent all that it needs",
  action: "give the agent the rights of the chart's ClusterRole and install the CRDs; until then the network stays as it is",
};
export const AGENT_HOST_CHANGED: CodeEntry = {
  code: "PHAROS-4044",
  title: "this machine is another host of the vehicle from now on",
  action: "nothing, if the node's label pharos.io/host was changed on purpose",
};
export const AGENT_PODMAN_FAILED: CodeEntry = {
  code: "PHAROS-4046",
  title: "Podman's service does not tell which containers run",
  action: "look at the cause and at Podman's own log; requests for its containers wait until it answers",
};
