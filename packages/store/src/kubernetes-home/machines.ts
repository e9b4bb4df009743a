import { hasCode } from "@pharos/base";
import { STORE_NOT_FOUND } from "../codes.ts";
import type { Machines } from "../home.ts";
import { hostLeaseName } from "../kubernetes/host-lease.ts";
import { type ApiObject, callOf, followResource, type KubernetesStore, pathOf, type Resource } from "../kubernetes/index.ts";
import { LEASES } from "../kubernetes/lease.ts";

const NODES: Resource = { group: "", version: "v1", plural: "nodes" };
/** Label of a node that names the SoC or VM that it is. */
const HOST_LABEL = "pharos.io/host";

interface SeenNode {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly host: string;
}

/** The nodes of a real cluster. `namespace` holds the Leases of hosts; `mayWrite` throws when nothing may be written any more. */
export function kubernetesMachines(store: KubernetesStore, namespace: string, mayWrite: () => void): Machines {
  let known: ReadonlyMap<string, string> | undefined;
  return {
    known: () => known,
    forget: async (host) => {
      const place = { namespace, name: hostLeaseName(host) };
      mayWrite();
      try {
        await store.transport.call({ call: callOf("delete", LEASES, place), method: "DELETE", path: pathOf(LEASES, place) });
      } catch (error) {
        if (!hasCode(error, STORE_NOT_FOUND)) throw error;
      }
    },
    watch: async (onChange, signal) => {
      const look = () => {
        const next = new Map(followed.items().map(({ metadata, host }) => [metadata.name, host]));
        const isSame = known?.size === next.size && [...next].every(([name, host]) => known?.get(name) === host);
        known = next;
        // Nodes tell of themselves all the time.
        if (!isSame) onChange();
      };
      const collection = { resource: NODES, trim: seenNode };
      const followed = followResource(store.reflector, collection, { signal, onSync: () => look(), onEvent: () => look() });
      await followed.finished;
    },
  };
}

function seenNode({ metadata }: ApiObject): SeenNode {
  const { name, resourceVersion, labels } = metadata as ApiObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
  const label = labels?.[HOST_LABEL] ?? "";
  return { metadata: { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, host: label === "" ? name : label };
}
