// The part of Kubernetes' ObjectMeta that documents may carry.
import type { Schema } from "./crd.ts";

const text = (description: string, more: object = {}): Schema => ({ type: "string", description, ...more });
const map = (description: string): Schema => ({ type: "object", description, additionalProperties: { type: "string" } });

/** RFC 1123 subdomain, as Kubernetes wants names of objects. */
const SUBDOMAIN = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
/** RFC 1123 label, as Kubernetes wants names of namespaces. */
const LABEL = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";

export const METADATA: Schema = {
  type: "object",
  description: "Names and describes the object, as in every Kubernetes object.",
  required: ["name"],
  properties: {
    name: text("Name of the object (RFC 1123 subdomain); unique among objects of its kind and namespace.", {
      example: "vehicle-network-node",
      minLength: 1,
      maxLength: 253,
      pattern: SUBDOMAIN,
    }),
    namespace: text("Namespace (RFC 1123 label), for namespaced kinds only.", { example: "default", maxLength: 63, pattern: LABEL }),
    uid: text("Set by the store."),
    resourceVersion: text("Set by the store; a writer that sends it back writes only if nobody else wrote in between."),
    generation: { type: "integer", description: "Set by the store; grows whenever spec changes." },
    labels: map("What selectors choose by."),
    annotations: map("Anything else that programs note down about the object."),
    creationTimestamp: text("Set by the store (RFC 3339, UTC)."),
    deletionTimestamp: text("Set by the store while the object waits to be deleted (RFC 3339, UTC)."),
  },
};

/** Fields of ObjectMeta that an API server may send and that Pharos does not read. */
export const UNREAD_METADATA = ["finalizers", "ownerReferences", "managedFields", "generateName", "selfLink", "deletionGracePeriodSeconds"];
