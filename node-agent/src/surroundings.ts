import type { Finding } from "@pharos/base";
import type { ClusterParts } from "./cluster/cluster-parts.ts";
import type { AnnotatePod } from "./pods/network-status-teller.ts";
import type { ReportedCondition } from "./report.ts";

/** How an agent tells what it lives in about itself. */
export interface SurroundingsInput {
  readonly signal: AbortSignal;
  /** True once a revision is committed on this host. */
  readonly isCommitted: () => boolean;
  /** After a change of `parts`. */
  readonly onParts: () => void;
  /** After a change of findings or conditions. */
  readonly onStanding: () => void;
  /** How following a collection went: an error, or undefined for a list that came. */
  readonly onHeard: (collection: string, error: unknown) => void;
}

/** What an agent lives in beside kernel and store: a Kubernetes node. */
export interface Surroundings {
  /** What the cluster says, as far as it was heard. */
  parts(): ClusterParts;
  findings(): readonly Finding[];
  conditions(): readonly ReportedCondition[];
  /** Gives a pod of this host annotations. */
  readonly annotatePod: AnnotatePod;
  /** The agent stands otherwise than before. */
  standingChanged(): void;
  /** Resolves when all work for it ended. */
  readonly finished: Promise<unknown>;
}
