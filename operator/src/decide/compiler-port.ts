import type { Checked, Finding } from "@pharos/base";
import type { Allocation, DocumentSet, HostFacts, HostOutline, KnownBlock, RevisionContent } from "@pharos/compiler";

/** What the operator asks of the compiler. All of it is pure. */
export interface CompilerPort {
  /** Findings about all documents together. */
  check(documents: DocumentSet, facts: ReadonlyMap<string, HostFacts>): readonly Finding[];
  /** Gives each host its block of each shared subnet; keeps those that exist. */
  allocate(documents: DocumentSet, known: readonly KnownBlock[]): Checked<readonly Allocation[]>;
  /** JSON with sorted keys and no spaces: equal content is equal text. */
  canonicalJson(value: unknown): string;
  /** Managed hosts of the vehicle, and their interfaces that take an address by DHCP. */
  hosts(documents: DocumentSet): readonly HostOutline[];
}

export type Lease = RevisionContent["leases"][number];

export type { HostOutline, KnownBlock };
