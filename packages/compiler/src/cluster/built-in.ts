import { documentSet } from "../document-set.ts";
import type { RevisionContent } from "../documents.ts";

/**
 * Content of revision 0 on Kubernetes: no document at all. What a node then runs comes from the cluster (see cluster-pods.ts),
 * so that pods run before anybody wrote a document.
 */
export const BUILT_IN_CONTENT: RevisionContent = { documents: documentSet([]), allocations: [], leases: [] };
