import { silentLog, systemClock } from "@pharos/base";
import { follow } from "@pharos/store";
import { connectKubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { tellMemory } from "./memory.ts";

const [, , kubeconfig = "", mode = "hold"] = process.argv;
const began = performance.now();
const store = connectKubernetesStore({
  credentials: await kubeconfigCredentials(kubeconfig),
  fieldManager: "pharos-bench",
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  newId: () => crypto.randomUUID(),
});
if (mode === "idle") await tellMemory(0, 0);
const followed = follow(store, "PodNetwork", {
  signal: new AbortController().signal,
  clock: systemClock,
  log: silentLog,
  onSync: ({ length }) => void tellMemory(length, performance.now() - began),
});
await followed.finished;
