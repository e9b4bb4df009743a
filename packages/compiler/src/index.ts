export { check } from "./check/check.ts";
export { BUILT_IN_CONTENT } from "./cluster/built-in.ts";
export type { ClusterFacts, ClusterNode, ServerAddress } from "./cluster/cluster-facts.ts";
export { assumedFacts, type CompileInput, compile } from "./compile.ts";
export type { Contribution, Feature, FeatureInput, FeatureOutput } from "./contribution.ts";
export {
  DOCUMENT_KINDS,
  type DocumentKind,
  documentSet,
  documentsOf,
  documentTitle,
  isVehicleDocument,
  type VehicleDocument,
} from "./document-set.ts";
export type { Allocation, DocumentSet, HostFacts, Live, Revision, RevisionContent } from "./documents.ts";
export { type ExplainedHop, type Explainer, type ExplainQuery, type Explanation, explain, explainer } from "./explain/explain.ts";
export type { ExplainInput } from "./explain/law.ts";
export { type ManagedPair, matrix } from "./explain/matrix.ts";
export { FEATURES } from "./features/all.ts";
export { checkForwarding } from "./features/forwarding/check.ts";
export { type ForwardingOptions, forwardingWith } from "./features/forwarding/feature.ts";
export { type OpenPort, OWN_PORTS } from "./features/forwarding/own-ports.ts";
export { RESOLV_CONF_PATH } from "./features/node.ts";
export { allocateBlocks, type KnownBlock } from "./freeze/allocate.ts";
export { canonicalJson } from "./freeze/canonical-json.ts";
export { freeze, frozenForm } from "./freeze/freeze.ts";
export type { Attachment, Attachments, Destination } from "./topology/attachments.ts";
export { type NextHop, nextHops } from "./topology/next-hops.ts";
export { forwardersOf, type Hop, type Path, pathBetween } from "./topology/path.ts";
export { type Topology, topologyOf } from "./topology/topology.ts";
export { buildVehicle, type VehicleInput } from "./vehicle/build.ts";
export type { BridgeRange, Failsafe, Host, HostInterface, Origin, PlacedBridge, Segment, Vehicle } from "./vehicle/model.ts";
export { qualifiedName } from "./vehicle/names.ts";
export { type HostOutline, outlineHosts } from "./vehicle/outline.ts";
