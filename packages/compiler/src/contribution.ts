import type { Finding } from "@pharos/base";
import type { HostState, SectionName } from "@pharos/hoststate";
import type { DocumentSet, HostFacts, Live } from "./documents.ts";
import type { Host, Vehicle } from "./vehicle/model.ts";

/** What a feature adds to the state of one host. Double claims on one key are found by `merge`. */
export type Contribution = { readonly [S in SectionName]?: HostState[S] };

/** What every feature reads. */
export interface FeatureInput {
  readonly vehicle: Vehicle;
  /** The host that is compiled for. */
  readonly host: Host;
  readonly documents: DocumentSet;
  readonly live: Live;
  readonly facts: HostFacts;
}

export interface FeatureOutput {
  readonly contribution: Contribution;
  readonly findings: readonly Finding[];
}

/** A feature is a pure function; the order in which features run does not count. */
export type Feature = (input: FeatureInput) => FeatureOutput;
