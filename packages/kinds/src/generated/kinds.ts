// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Node } from "./node.ts";
import type { Bridge } from "./bridge.ts";
import type { RoutingConfig } from "./routing-config.ts";
import type { SecurityConfig } from "./security-config.ts";
import type { ServiceDeployment } from "./service-deployment.ts";
import type { ConfigRevision } from "./config-revision.ts";
import type { HostReport } from "./host-report.ts";
import type { PodNetwork } from "./pod-network.ts";
import type { ServiceRegistration } from "./service-registration.ts";

/** Each kind's type by its name. */
export interface KindMap {
  readonly Node: Node;
  readonly Bridge: Bridge;
  readonly RoutingConfig: RoutingConfig;
  readonly SecurityConfig: SecurityConfig;
  readonly ServiceDeployment: ServiceDeployment;
  readonly ConfigRevision: ConfigRevision;
  readonly HostReport: HostReport;
  readonly PodNetwork: PodNetwork;
  readonly ServiceRegistration: ServiceRegistration;
}

export type Kind = keyof KindMap;

export interface KindInfo {
  /** Lower-case plural, as in URLs and `kubectl get`. */
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly namespaced: boolean;
  /** How the specification spells the kind; undefined for kinds that it does not have. */
  readonly specificationKind: string | undefined;
}

/** What programs need to know about each kind; in the order in which documents are best read. */
export const KIND_INFO: Readonly<Record<Kind, KindInfo>> = {
  Node: {"plural":"nodes","singular":"node","shortName":"pnode","namespaced":false,"specificationKind":"node"},
  Bridge: {"plural":"bridges","singular":"bridge","shortName":"pbr","namespaced":false,"specificationKind":"bridge"},
  RoutingConfig: {"plural":"routingconfigs","singular":"routingconfig","shortName":"prc","namespaced":false,"specificationKind":"routingConfig"},
  SecurityConfig: {"plural":"securityconfigs","singular":"securityconfig","shortName":"psc","namespaced":false,"specificationKind":"securityConfig"},
  ServiceDeployment: {"plural":"servicedeployments","singular":"servicedeployment","shortName":"psd","namespaced":true,"specificationKind":"serviceDeployment"},
  ConfigRevision: {"plural":"configrevisions","singular":"configrevision","shortName":"prev","namespaced":false,"specificationKind":undefined},
  HostReport: {"plural":"hostreports","singular":"hostreport","shortName":"phr","namespaced":false,"specificationKind":undefined},
  PodNetwork: {"plural":"podnetworks","singular":"podnetwork","shortName":"ppn","namespaced":true,"specificationKind":undefined},
  ServiceRegistration: {"plural":"serviceregistrations","singular":"serviceregistration","shortName":"psr","namespaced":true,"specificationKind":undefined},
};
