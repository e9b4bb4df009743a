import { silentLog, systemClock } from "@pharos/base";
import { type ApiObject, connectKubernetesStore, followResource, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { PODS } from "./core-pods.ts";
import { tellMemory } from "./memory.ts";

interface SentPod extends ApiObject {
  readonly metadata: ApiObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

/** What a follower of pods needs to know of one. */
function seenPod(object: ApiObject) {
  const { metadata, spec, status } = object as SentPod;
  const { name, namespace, resourceVersion, labels } = metadata;
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(labels === undefined ? {} : { labels }),
    },
    node: spec.nodeName,
    phase: status?.phase,
    addresses: (status?.podIPs ?? []).map(({ ip }) => ip),
  };
}

const [, , kubeconfig = "", mode = "hold"] = process.argv;
const began = performance.now();
const { reflector } = connectKubernetesStore({
  credentials: await kubeconfigCredentials(kubeconfig),
  fieldManager: "pharos-bench",
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  newId: () => crypto.randomUUID(),
});
if (mode === "idle") await tellMemory(0, 0);
const followed = followResource(
  reflector,
  { resource: PODS, trim: seenPod },
  { signal: new AbortController().signal, onSync: ({ length }) => void tellMemory(length, performance.now() - began) },
);
await followed.finished;
