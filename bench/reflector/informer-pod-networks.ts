import { CustomObjectsApi, KubeConfig, type KubernetesListObject, type KubernetesObject, makeInformer } from "@kubernetes/client-node";
import { tellMemory } from "./memory.ts";

const [, , kubeconfig = "", mode = "hold"] = process.argv;
const began = performance.now();
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const api = config.makeApiClient(CustomObjectsApi);
const informer = makeInformer(
  config,
  "/apis/pharos.io/v1/podnetworks",
  async () =>
    (await api.listClusterCustomObject({
      group: "pharos.io",
      version: "v1",
      plural: "podnetworks",
    })) as KubernetesListObject<KubernetesObject>,
);
if (mode === "idle") await tellMemory(0, 0);
await informer.start();
await tellMemory(informer.list().length, performance.now() - began);
