import type { PodNetwork } from "@pharos/kinds";

/**
 * What a host keeps of a PodNetwork: all of requests and of its own attachments; of the many attachments of other hosts only what
 * tells whose pod has which address.
 */
export function leanPod(object: PodNetwork, host: string): PodNetwork {
  const { metadata, spec, status } = object;
  if (spec.request !== undefined || spec.host === host) return object;
  const { name, namespace, resourceVersion } = metadata;
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      ...(spec.host === undefined ? {} : { host: spec.host }),
      ...(spec.bridge === undefined ? {} : { bridge: spec.bridge }),
      ...(spec.pod === undefined ? {} : { pod: spec.pod }),
    },
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  };
}

function leanStatus({ phase, addresses }: NonNullable<PodNetwork["status"]>): NonNullable<PodNetwork["status"]> {
  return { phase, ...(addresses === undefined ? {} : { addresses }) };
}
