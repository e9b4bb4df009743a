import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";
import { tellMemory } from "./memory.ts";

const [, , kubeconfig = "", mode = "hold"] = process.argv;
const began = performance.now();
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const api = config.makeApiClient(CoreV1Api);
const informer = makeInformer(config, "/api/v1/pods", () => api.listPodForAllNamespaces());
if (mode === "idle") await tellMemory(0, 0);
await informer.start();
await tellMemory(informer.list().length, performance.now() - began);
