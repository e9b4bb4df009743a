export { type ApiServer, type ApiServerOptions, type ClientCredentials, kubeconfigText, startApiServer } from "./api-server.ts";
export { type ApiWithKinds, startApiWithKinds, startApiWithoutKinds } from "./api-with-kinds.ts";
export { assetCache, kubeAsset, moduleFolder, type PinnedModule, pinnedModules, requireKubeAsset } from "./assets.ts";
export { type Authority, type KeyPair, makeAuthority, type Subject } from "./authority.ts";
export {
  type Cluster,
  type ClusterSettings,
  DNS_ADDRESS,
  type NodeNetwork,
  nodeNetwork,
  POD_RANGE,
  removeCluster,
  SERVICE_RANGE,
  startCluster,
} from "./cluster.ts";
export { type FakeAnswer, type FaultProxy, type ProxiedRequest, startFaultProxy, type WatchFault } from "./fault-proxy.ts";
export { type Machine, type MachineSettings, makeMachine, type ProcessGroup, runProgram } from "./machine.ts";
export { addressOf, type ClusterNode } from "./node.ts";
export { type Program, type ProgramOptions, startProgram } from "./program.ts";
