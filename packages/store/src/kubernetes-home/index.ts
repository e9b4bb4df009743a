export { type KubeConfigOptions, loadKubeConfig } from "./kube-config.ts";
export { type KubernetesHome, type KubernetesHomeOptions, kubernetesHome } from "./kubernetes-home.ts";
