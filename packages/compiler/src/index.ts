export type { Contribution, Feature, FeatureInput, FeatureOutput } from "./contribution.ts";
export type { Allocation, DocumentSet, HostFacts, Live, Revision, RevisionContent } from "./documents.ts";
export { type NextHop, nextHops } from "./topology/next-hops.ts";
export { forwardersOf, type Hop, type Path, pathBetween } from "./topology/path.ts";
export { type Attachment, type Destination, type Topology, topologyOf } from "./topology/topology.ts";
export { buildVehicle, type VehicleInput } from "./vehicle/build.ts";
export type { BridgeRange, Failsafe, Host, HostInterface, Origin, PlacedBridge, Segment, Vehicle } from "./vehicle/model.ts";
export { qualifiedName } from "./vehicle/names.ts";
