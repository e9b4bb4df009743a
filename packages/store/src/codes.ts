import type { CodeEntry } from "@pharos/base";

/** Register of the store package: PHAROS-3000 to PHAROS-3099. */
export const STORE_NOT_FOUND: CodeEntry = { code: "PHAROS-3001", title: "object not found", action: "check kind, name and namespace" };
export const STORE_CONFLICT: CodeEntry = {
  code: "PHAROS-3002",
  title: "object was changed by somebody else",
  action: "read it again and repeat the change",
};
export const STORE_EXISTS: CodeEntry = { code: "PHAROS-3003", title: "object exists already", action: "update it instead" };
export const STORE_HISTORY_GONE: CodeEntry = {
  code: "PHAROS-3004",
  title: "watch point is too old",
  action: "list again and watch from the new point",
};
export const STORE_INVALID: CodeEntry = { code: "PHAROS-3005", title: "object refused", action: "mend the fields that the findings name" };
export const STORE_UNAVAILABLE: CodeEntry = {
  code: "PHAROS-3006",
  title: "store cannot be reached",
  action: "the network stays as it is; check that the control plane runs",
};
export const STORE_DENIED: CodeEntry = {
  code: "PHAROS-3007",
  title: "not allowed to write this object",
  action: "an agent may write only its own host's objects",
};
export const STORE_FILE_LOST: CodeEntry = {
  code: "PHAROS-3008",
  title: "store file was removed, replaced or damaged while it was open",
  action: "restart the control plane; it opens the file that is there now, or begins a new store that adopts what the hosts report",
};
export const STORE_FILE_DAMAGED: CodeEntry = {
  code: "PHAROS-3009",
  title: "store file is damaged and was set aside",
  action: "a new store was begun and adopts what the hosts report; apply the documents again, or restore the file from a backup",
};
export const STORE_FILE_REFUSED: CodeEntry = {
  code: "PHAROS-3010",
  title: "store file cannot be used",
  action: "check the path, its permissions, and that no other control plane has it open",
};
export const STORE_REVISION_TOO_LARGE: CodeEntry = {
  code: "PHAROS-3011",
  title: "frozen documents are over 1 MiB",
  action: "make the documents smaller, for example by rules over prefixes instead of single addresses",
};
export const STORE_REVISION_UNREADABLE: CodeEntry = {
  code: "PHAROS-3012",
  title: "revision cannot be read",
  action: "the host stays with its last good revision; change a document so that a new revision is made",
};
export const STORE_CREDENTIALS: CodeEntry = {
  code: "PHAROS-3020",
  title: "credentials for the Kubernetes API cannot be used",
  action: "check the kubeconfig or the pod's service account: a server, and a token or a client certificate",
};
export const STORE_KIND_MISSING: CodeEntry = {
  code: "PHAROS-3021",
  title: "the API server does not know this kind",
  action: "install Pharos' CRDs (crds.install of the chart, or kubectl apply -f crds/)",
};
export const STORE_FENCED: CodeEntry = {
  code: "PHAROS-3022",
  title: "not the leader any more",
  action: "nothing: another operator leads and does the work",
};
export const STORE_CLOCK_OFF: CodeEntry = {
  code: "PHAROS-3023",
  title: "this machine's clock and the API server's differ by more than a minute",
  action: "set the clock (NTP, PTP); leadership, leases and the network do not depend on it, certificates and times in reports do",
};
export const STORE_LEASE_UNUSABLE: CodeEntry = {
  code: "PHAROS-3040",
  title: "election lease cannot be read or written",
  action: "the network stays as it is, and no operator acts meanwhile; check the API server and the rights on leases.coordination.k8s.io",
};
export const STORE_WORKLOAD_KIND: CodeEntry = {
  code: "PHAROS-3041",
  title: "not a kind of workload that services run as",
  action: "this is a fault of the program: report it with the log",
};
export const STORE_EVENTS_LOST: CodeEntry = {
  code: "PHAROS-3042",
  title: "events for people were not written",
  action: "see the log and the conditions instead; check the API server and the rights on events.events.k8s.io",
};
