import type { SchemaValidator } from "./field-schema.ts";
import type { Kind } from "./generated/kinds.ts";
import * as compiled from "./generated/validators.ts";

/** Each kind's schema, compiled: unknown fields are refused everywhere, defaults are not filled in. */
export const VALIDATORS: Readonly<Record<Kind, SchemaValidator>> = {
  Node: compiled.validateNode,
  Bridge: compiled.validateBridge,
  RoutingConfig: compiled.validateRoutingConfig,
  SecurityConfig: compiled.validateSecurityConfig,
  ServiceDeployment: compiled.validateServiceDeployment,
  ConfigRevision: compiled.validateConfigRevision,
  HostReport: compiled.validateHostReport,
  PodNetwork: compiled.validatePodNetwork,
  ServiceRegistration: compiled.validateServiceRegistration,
};
