import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import { DOCUMENT_KINDS, documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision, HostReport, Kind, ServiceRegistration } from "@pharos/kinds";
import { changeTag, type Followed, follow, type Reader, STORE_DENIED, STORE_KIND_MISSING } from "@pharos/store";
import type { KindProblem } from "./decide/kind-problems.ts";
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
  /** True once every kind was listed, or is known not to be readable. */
  synced(): boolean;
  /** Kinds that cannot be followed now. */
  problems(): readonly KindProblem[];
  /** How many changes the watches did not tell. */
  misses(): number;
  documents(): readonly VehicleDocument[];
  revisions(): readonly ConfigRevision[];
  reports(): readonly HostReport[];
  registrations(): readonly ServiceRegistration[];
  /** Documents whose deletion was seen and not forgotten. */
  tombstones(): readonly Tombstone[];
  forgetTombstones(these: readonly Tombstone[]): void;
  /** Resolves when all watches ended. */
  readonly finished: Promise<unknown>;
}

/** One that nobody takes is forgotten after this, in ms: by then no change set waits for it. */
const TOMBSTONE_AGE = 30_000;

/** Follows the documents, revisions and reports. */
export function viewStore({ store, clock, log, signal, onChange }: StoreViewOptions): StoreView {
  let tombstones: readonly (Tombstone & { readonly at: number })[] = [];
  const trouble = new Trouble(store, onChange);
  const options = { clock, log, signal, onSync: onChange };
  const remember = (object: VehicleDocument) => {
    const at = clock.monotonic();
    const young = tombstones.filter((tombstone) => at - tombstone.at < TOMBSTONE_AGE);
    tombstones = [...young, { name: documentTitle(object), tag: changeTag(object.metadata.annotations), at }];
  };
  const documents = DOCUMENT_KINDS.map((kind) =>
    follow(trouble.reader, kind, {
      ...options,
      onEvent: ({ type, object }) => {
        if (type === "DELETED") remember(object);
        onChange();
      },
    }),
  ) as readonly Followed<VehicleDocument["kind"]>[];
  const revisions = follow(trouble.reader, "ConfigRevision", { ...options, onEvent: onChange });
  const reports = follow(trouble.reader, "HostReport", { ...options, onEvent: onChange });
  const registrations = follow(trouble.reader, "ServiceRegistration", { ...options, onEvent: onChange });
  const followed = new Map<Kind, Followed<Kind>>([
    ...DOCUMENT_KINDS.map((kind, index) => [kind, documents[index]] as [Kind, Followed<Kind>]),
    ["ConfigRevision", revisions],
    ["HostReport", reports],
    ["ServiceRegistration", registrations],
  ]);
  const all = [...followed.values()];
  return {
    synced: () => [...followed].every(([kind, each]) => each.synced() || trouble.of(kind) !== undefined),
    problems: () =>
      [...followed].flatMap(([kind, each]) => {
        const problem = trouble.of(kind);
        return problem === undefined ? [] : [{ kind, ...problem, known: each.synced() }];
      }),
    misses: () => all.reduce((sum, each) => sum + each.misses(), 0),
    documents: () => documents.flatMap((each) => each.items()),
    revisions: () => revisions.items(),
    reports: () => reports.items(),
    registrations: () => registrations.items(),
    tombstones: () => tombstones,
    forgetTombstones: (these) => {
      tombstones = tombstones.filter((tombstone) => !these.includes(tombstone));
    },
    finished: Promise.all(all.map(({ finished }) => finished)),
  };
}

/** Notes which kinds the store does not let us list. */
class Trouble {
  readonly reader: Reader;
  readonly #problems = new Map<Kind, Pick<KindProblem, "reason" | "message">>();

  constructor(store: Reader, onChange: () => void) {
    this.reader = {
      get: (ref) => store.get(ref),
      watch: (kind, options) => store.watch(kind, options),
      list: async (kind) => {
        try {
          const listing = await store.list(kind);
          if (this.#problems.delete(kind)) onChange();
          return listing;
        } catch (error) {
          if (this.#note(kind, error)) onChange();
          throw error;
        }
      },
    };
  }

  of(kind: Kind): Pick<KindProblem, "reason" | "message"> | undefined {
    return this.#problems.get(kind);
  }

  /** True when it tells something new. A store that is away says nothing about rights. */
  #note(kind: Kind, error: unknown): boolean {
    const reason = hasCode(error, STORE_DENIED) ? "Denied" : hasCode(error, STORE_KIND_MISSING) ? "KindMissing" : undefined;
    if (reason === undefined) return false;
    const message = describeError(error);
    const known = this.#problems.get(kind);
    this.#problems.set(kind, { reason, message });
    return known?.message !== message;
  }
}
