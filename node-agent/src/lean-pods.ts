import type { PodNetwork } from "@pharos/kinds";

/**
 * What a host keeps of a PodNetwork: all of requests and of its own attachments; of the many attachments of other hosts only what
 * tells whose pod has which address. Each of those has the same few fields, so that ten thousand of them take little memory.
 */
export function leanPod(object: PodNetwork, ownHost: string): PodNetwork {
  const { metadata, spec, status } = object;
  const { name, namespace, resourceVersion } = metadata;
  const { host, bridge, pod } = spec;
  const isWhole = namespace !== undefined && resourceVersion !== undefined && bridge !== undefined && pod !== undefined;
  if (spec.request !== undefined || host === undefined || host === ownHost || status === undefined || !isWhole) return object;
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name, namespace, resourceVersion },
    spec: { host, bridge, pod: { namespace: pod.namespace, name: pod.name } },
    status: { phase: status.phase, addresses: status.addresses ?? [] },
  };
}
