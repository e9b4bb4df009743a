export type { CelRule, FieldSchema, SchemaError, SchemaValidator } from "./field-schema.ts";
export type {
  Bridge,
  BridgeAllocation,
  BridgeIpam,
  BridgePort,
  BridgeRange,
  BridgeRoute,
  BridgeSpec,
  BridgeSpecEntry,
  BridgeStatus,
} from "./generated/bridge.ts";
export type { ConfigRevision, ConfigRevisionSpec, ConfigRevisionStatus } from "./generated/config-revision.ts";
export type {
  HostFeatures,
  HostReport,
  HostReportSpec,
  HostReportStatus,
  ReportedBlock,
  ReportedFinding,
  ReportedInterface,
  ReportedRejection,
  ReportedRevision,
} from "./generated/host-report.ts";
export { KIND_INFO, type Kind, type KindInfo, type KindMap } from "./generated/kinds.ts";
export type {
  Node,
  NodeCloud,
  NodeCloudInterface,
  NodeDns,
  NodeFailsafe,
  NodeInterface,
  NodeSoc,
  NodeSpec,
  NodeStatus,
  NodeVm,
} from "./generated/node.ts";
export type { Condition, ObjectMeta } from "./generated/object.ts";
export type { PodNetwork, PodNetworkRequest, PodNetworkSpec, PodNetworkStatus, PodReference } from "./generated/pod-network.ts";
export type { ForwardRule, RoutingConfig, RoutingConfigSpec, RoutingConfigStatus, RoutingInfo } from "./generated/routing-config.ts";
export type {
  CloudFeeding,
  PacketFilter,
  PacketFilterRule,
  Security,
  SecurityConfig,
  SecurityConfigSpec,
  SecurityConfigStatus,
  SecurityTls,
  Whitelist,
} from "./generated/security-config.ts";
export type { DeployedService, ServiceDeployment, ServiceDeploymentSpec, ServiceDeploymentStatus } from "./generated/service-deployment.ts";
export type { ServiceRegistration, ServiceRegistrationSpec, ServiceRegistrationStatus } from "./generated/service-registration.ts";
