import type { Kind, KindMap, ObjectMeta } from "@pharos/kinds";
import type { ApiObject } from "./reflector.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Makes objects of a kind out of what the API server sends, without managedFields and what else nobody reads. */
export function trimTo<K extends Kind>(kind: K): (object: ApiObject) => KindMap[K] {
  return (object) => {
    const { metadata, spec, status } = object as SentObject;
    const given: object = {
      apiVersion: "pharos.io/v1",
      kind,
      metadata: trimmedMetadata(metadata),
      spec,
      ...(status === undefined ? {} : { status }),
    };
    return given as KindMap[K];
  };
}

interface SentObject {
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

function trimmedMetadata(metadata: ObjectMeta): ObjectMeta {
  const { name, namespace, uid, resourceVersion, generation, labels, creationTimestamp, deletionTimestamp } = metadata;
  const { [LAST_APPLIED]: _applied, ...annotations } = metadata.annotations ?? {};
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation }),
    ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
}
