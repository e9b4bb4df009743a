export { HOSTSTATE_CODES } from "./codes.ts";
export { diff, isEmpty } from "./diff.ts";
export { applyPlan, type FirewallEffect } from "./effects.ts";
export type { RenderedFile } from "./files.ts";
export { isInterfaceName } from "./interface-name.ts";
export { linkOfRoute } from "./loss.ts";
export { macText } from "./mac-text.ts";
export type { Address } from "./network/addresses.ts";
export {
  FIREWALL_TABLE,
  type FirewallChain,
  type FirewallMap,
  type FirewallObject,
  type FirewallRule,
  type FirewallSet,
  type Hook,
} from "./network/firewall.ts";
export type { BridgeLink, DummyLink, Link, MacvlanLink, PhysicalLink, VethLink, VxlanLink } from "./network/links.ts";
export type { PolicyRule } from "./network/policy-rules.ts";
export type { Route } from "./network/routes.ts";
export type { Sysctl } from "./network/sysctls.ts";
export { planOf } from "./plan.ts";
export { POD_NETWORK_DATA_PATH, type PodBridge, type PodNetworkData, type PodRange } from "./pod-network-data.ts";
export * from "./prefix.ts";
export { renderPlan, renderState } from "./render.ts";
export type { Change, Changes, HostState, Items, Scope, Section, SectionName, Sections } from "./section.ts";
export { bySection, EMPTY_STATE, keyOf, normalize, SECTIONS, scopeOf } from "./state.ts";
export type { Step, StepKind, StepOf } from "./step.ts";
