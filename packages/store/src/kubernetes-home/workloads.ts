import { hasCode, PharosError } from "@pharos/base";
import { STORE_NOT_FOUND, STORE_WORKLOAD_KIND } from "../codes.ts";
import type { KubernetesObject, Workloads } from "../home.ts";
import { type ApiObject, callOf, followResource, type KubernetesStore, listAll, pathOf, type Resource } from "../kubernetes/index.ts";

const MANAGED_BY = "app.kubernetes.io/managed-by";
const MANAGED_BY_US = `${MANAGED_BY}=pharos`;
const FIELD_MANAGER = "pharos-operator";

const RESOURCES: Readonly<Record<string, Resource>> = {
  "apps/v1 Deployment": { group: "apps", version: "v1", plural: "deployments" },
  "v1 Service": { group: "", version: "v1", plural: "services" },
  "v1 Pod": { group: "", version: "v1", plural: "pods" },
  "discovery.k8s.io/v1 EndpointSlice": { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
};
/** What tells how a service stands; the controller of EndpointSlices gives them the labels of their Service. */
const WATCHED = ["apps/v1 Deployment", "v1 Service", "discovery.k8s.io/v1 EndpointSlice"];

/** Workloads of a real cluster. `mayWrite` throws when nothing may be written any more; failures are the store's errors. */
export function kubernetesWorkloads(store: KubernetesStore, mayWrite: () => void): Workloads {
  const { transport, reflector } = store;
  return {
    apply: async (object) => {
      const { resource, place } = addressOf(object);
      const query = new URLSearchParams({ fieldManager: FIELD_MANAGER, force: "true", fieldValidation: "Strict" });
      const request = {
        call: { ...callOf("patch", resource, place), creates: true },
        method: "PATCH",
        path: `${pathOf(resource, place)}?${query}`,
        body: object,
        contentType: "application/apply-patch+yaml",
      } as const;
      mayWrite();
      return withKind(object)(await transport.call<ApiObject>(request));
    },
    list: async (kind) => {
      const collection = { resource: resourceOf(kind), labelSelector: MANAGED_BY_US, trim: withKind(kind) };
      return (await listAll(reflector, collection)).items;
    },
    isTaken: async (object) => {
      const { resource, place } = addressOf(object);
      const fieldSelector = `metadata.name=${place.name},metadata.namespace=${place.namespace}`;
      const { items } = await listAll(reflector, { resource, fieldSelector, trim: withKind(object) });
      return items.some(({ metadata }) => metadata.labels?.[MANAGED_BY] !== "pharos");
    },
    delete: async (object) => {
      const { resource, place } = addressOf(object);
      const { uid } = object.metadata;
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        // Not the one that somebody else made under this name meanwhile.
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      };
      mayWrite();
      try {
        await transport.call({ call: callOf("delete", resource, place), method: "DELETE", path: pathOf(resource, place), body });
      } catch (error) {
        if (!hasCode(error, STORE_NOT_FOUND)) throw error;
      }
    },
    watch: async (onChange, signal) => {
      const follow = (name: string) => {
        const collection = { resource: resourceNamed(name), labelSelector: MANAGED_BY_US, trim: placeAndVersion };
        return followResource(reflector, collection, { signal, onSync: onChange, onEvent: onChange }).finished;
      };
      await Promise.all(WATCHED.map(follow));
    },
  };
}

type KindOfObject = Pick<KubernetesObject, "apiVersion" | "kind">;

function resourceOf({ apiVersion, kind }: KindOfObject): Resource {
  return resourceNamed(`${apiVersion} ${kind}`);
}

function resourceNamed(name: string): Resource {
  const resource = RESOURCES[name];
  if (resource === undefined) throw new PharosError(STORE_WORKLOAD_KIND, `${name} is no kind that services run as`);
  return resource;
}

function addressOf(object: KubernetesObject) {
  const { name, namespace = "default" } = object.metadata;
  return { resource: resourceOf(object), place: { namespace, name } };
}

/** Lists leave apiVersion and kind out of their items; nobody reads who owns which field. */
function withKind({ apiVersion, kind }: KindOfObject): (object: ApiObject) => KubernetesObject {
  return (object) => {
    const { managedFields: _owners, ...metadata } = object.metadata as ApiObject["metadata"] & { readonly managedFields?: unknown };
    return { ...object, apiVersion, kind, metadata };
  };
}

function placeAndVersion({ metadata: { name, namespace = "", resourceVersion = "" } }: ApiObject) {
  return { metadata: { name, namespace, resourceVersion } };
}
