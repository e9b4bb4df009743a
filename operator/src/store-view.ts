import type { Clock, Log } from "@pharos/base";
import { DOCUMENT_KINDS, documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision, HostReport, ServiceRegistration } from "@pharos/kinds";
import { changeTag, type Followed, follow, type Reader } from "@pharos/store";
import type { Tombstone } from "./decide/settle.ts";

export interface StoreViewOptions {
  readonly store: Reader;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called after each change of what the view shows. */
  readonly onChange: () => void;
}

/** What the store holds, kept up to date by watches. */
export interface StoreView {
  /** True once every kind was listed. */
  synced(): boolean;
  documents(): readonly VehicleDocument[];
  revisions(): readonly ConfigRevision[];
  reports(): readonly HostReport[];
  registrations(): readonly ServiceRegistration[];
  /** Documents whose deletion was seen since the last call of `forgetTombstones`. */
  tombstones(): readonly Tombstone[];
  forgetTombstones(): void;
  /** Resolves when all watches ended. */
  readonly finished: Promise<unknown>;
}

/** Follows the documents, revisions and reports. */
export function viewStore({ store, clock, log, signal, onChange }: StoreViewOptions): StoreView {
  let tombstones: readonly Tombstone[] = [];
  const options = { clock, log, signal, onSync: onChange };
  const documents = DOCUMENT_KINDS.map((kind) =>
    follow(store, kind, {
      ...options,
      onEvent: ({ type, object }) => {
        if (type === "DELETED") tombstones = [...tombstones, { name: documentTitle(object), tag: changeTag(object.metadata.annotations) }];
        onChange();
      },
    }),
  ) as readonly Followed<VehicleDocument["kind"]>[];
  const revisions = follow(store, "ConfigRevision", { ...options, onEvent: onChange });
  const reports = follow(store, "HostReport", { ...options, onEvent: onChange });
  const registrations = follow(store, "ServiceRegistration", { ...options, onEvent: onChange });
  const all = [...documents, revisions, reports, registrations];
  return {
    synced: () => all.every((followed) => followed.synced()),
    documents: () => documents.flatMap((followed) => followed.items()),
    revisions: () => revisions.items(),
    reports: () => reports.items(),
    registrations: () => registrations.items(),
    tombstones: () => tombstones,
    forgetTombstones: () => {
      tombstones = [];
    },
    finished: Promise.all(all.map(({ finished }) => finished)),
  };
}
