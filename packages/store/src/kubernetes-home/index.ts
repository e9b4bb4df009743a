export type { KubernetesEvents } from "./events.ts";
export type { KubeConfigOptions } from "./kube-config.ts";
export { type KubernetesHome, type KubernetesHomeOptions, kubernetesHome } from "./kubernetes-home.ts";
