import { BUILT_IN_CONTENT, canonicalJson } from "@pharos/compiler";
import { revisionHash } from "@pharos/store";
import type { HashedRevision } from "./snapshot.ts";

/** The epoch of revision 0 on Kubernetes; no store has it. */
const CLUSTER_EPOCH = "cluster";

/** Revision 0 of a Kubernetes node that was never given documents: its pods' network out of what the cluster says, nothing filtered. */
export function builtInRevision(): HashedRevision {
  return { epoch: CLUSTER_EPOCH, number: 0, hash: revisionHash(canonicalJson(BUILT_IN_CONTENT)), content: BUILT_IN_CONTENT };
}
