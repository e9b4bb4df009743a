import { ApiException, type KubeConfig, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { describeError, PharosError } from "@pharos/base";
import { STORE_UNAVAILABLE } from "../codes.ts";
import type { KubernetesObject, Workloads } from "../home.ts";
import { type ApiObject, type ApiStatus, type KubernetesStore, listAll, type Resource, watchFrom } from "../kubernetes/index.ts";

const MANAGED_BY_US = "app.kubernetes.io/managed-by=pharos";
const FIELD_MANAGER = "pharos-operator";
const RETRY = 2000;
const WATCHED: readonly Resource[] = [
  { group: "apps", version: "v1", plural: "deployments" },
  { group: "", version: "v1", plural: "services" },
];

/** Workloads of a real cluster: server-side apply, and a watch that tells when something of ours changed. */
export function kubernetesWorkloads(config: KubeConfig, store: KubernetesStore, mayWrite: () => void): Workloads {
  const api = KubernetesObjectApi.makeApiClient(config);
  return {
    apply: async (object) => {
      mayWrite();
      const apply = () => api.patch(object as ClientObject, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
      return (await told(`apply of ${object.kind} ${object.metadata.name}`, apply)) as KubernetesObject;
    },
    list: async ({ apiVersion, kind }) => {
      const { items } = await told(`list of ${kind}`, () =>
        api.list(apiVersion, kind, undefined, undefined, undefined, undefined, undefined, MANAGED_BY_US),
      );
      // The API leaves kind and apiVersion out of a list's items.
      return items.map((item) => ({ ...item, apiVersion, kind }) as KubernetesObject);
    },
    delete: async (object) => {
      mayWrite();
      await told(`deletion of ${object.kind} ${object.metadata.name}`, async () => {
        try {
          await api.delete(object as ClientObject, undefined, undefined, undefined, undefined, "Background");
        } catch (error) {
          if (!(error instanceof ApiException && error.code === 404)) throw error;
        }
      });
    },
    watch: async (onChange, signal) => {
      await Promise.all(WATCHED.map((resource) => watchResource(store, resource, onChange, signal)));
    },
  };
}

type ClientObject = Parameters<KubernetesObjectApi["patch"]>[0];

async function told<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const message = error instanceof ApiException ? `${what}: ${statusText(error)}` : `${what}: ${describeError(error)}`;
    throw new PharosError(STORE_UNAVAILABLE, message, { cause: error });
  }
}

function statusText({ code, body }: ApiException<unknown>): string {
  const { message } = (typeof body === "object" && body !== null ? body : {}) as ApiStatus;
  return message ?? `status ${code}`;
}

async function watchResource({ reflector }: KubernetesStore, resource: Resource, onChange: () => void, signal: AbortSignal): Promise<void> {
  const collection = { resource, labelSelector: MANAGED_BY_US, trim: (object: ApiObject) => object.metadata.name };
  while (!signal.aborted) {
    try {
      const { resourceVersion } = await listAll(reflector, collection);
      onChange();
      for await (const event of watchFrom(reflector, collection, { resourceVersion, signal })) {
        if (event.type !== "BOOKMARK") onChange();
      }
    } catch (error) {
      reflector.log.debug("cannot follow workloads, trying again", { resource: resource.plural, error: describeError(error) });
      await reflector.clock.sleep(RETRY, signal);
    }
  }
}
