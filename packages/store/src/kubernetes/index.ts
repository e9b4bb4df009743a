export type { ApiStatus } from "./api-error.ts";
export { inClusterCredentials, type KubernetesCredentials, kubeconfigCredentials, SERVICE_ACCOUNT_FOLDER } from "./credentials.ts";
export type { ElectionTimes } from "./decide-lease.ts";
export { type ElectorOptions, leaseElector } from "./elector.ts";
export { type FollowResourceOptions, followResource } from "./follow-resource.ts";
export { HOST_LEASE_MS, type HostLeaseOptions, HostLeases, keepHostLease } from "./host-lease.ts";
export { connectKubernetesStore, type KubernetesStore, type KubernetesStoreOptions } from "./kubernetes-store.ts";
export { kubernetesLease, type LeasePort, type LeaseRecord } from "./lease.ts";
export { missingGrants, type PolicyRule, type RulesByNamespace, rbacRules, unusedGrants } from "./rbac-rules.ts";
export {
  type ApiObject,
  type Collection,
  listAll,
  type ReflectedEvent,
  type ReflectedList,
  type ReflectorOptions,
  watchFrom,
} from "./reflector.ts";
export { callOf, type Place, pathOf, type Resource, resourceOf } from "./resource.ts";
export { type ApiCall, type ApiRequest, Transport, type TransportOptions } from "./transport.ts";
export { trimTo } from "./trimmed-object.ts";
