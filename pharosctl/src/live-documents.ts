import { DOCUMENT_KINDS, type DocumentSet, documentSet, freeze, type Live, type RevisionContent } from "@pharos/compiler";
import type { ApiClient } from "./api-client.ts";

/** The documents that a running Pharos has now. */
async function liveDocuments(client: ApiClient): Promise<DocumentSet> {
  const lists = await Promise.all(DOCUMENT_KINDS.map((kind) => client.list(kind)));
  return documentSet(lists.flat());
}

/** The documents with the blocks that the running Pharos has given out. */
export async function liveContent(client: ApiClient): Promise<RevisionContent> {
  const documents = await liveDocuments(client);
  const allocations = documents.bridges.flatMap((bridge) => bridge.status?.allocations ?? []);
  return freeze({ documents, allocations, leases: [] });
}

/** Pods as they are now. Registered services are left out: rules name services by their ServiceDeployments. */
export async function livePods(client: ApiClient): Promise<Live> {
  const podNetworks = await client.list("PodNetwork");
  return { podNetworks: podNetworks.filter((pod) => pod.spec.request === undefined), serviceRegistrations: [] };
}
