/** What following needs to know of an object. */
export interface Followable {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
}

export type SourceEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T; readonly resourceVersion: string }
  /** No change; the history was seen up to here. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** A change of one object. */
export type SourceChange<T> = Exclude<SourceEvent<T>, { readonly type: "BOOKMARK" }>;

/** Versions by `namespace/name`: what is kept of a list that serves for comparison only. */
export type Versions = ReadonlyMap<string, string | undefined>;

/** The objects of one collection by `namespace/name`. */
export class ObjectCache<T extends Followable> {
  #objects = new Map<string, T>();
  #sorted: readonly T[] | undefined = [];
  #synced = false;
  #touched: Set<string> | undefined;

  /** True once a first list was taken. */
  synced(): boolean {
    return this.#synced;
  }

  /** Sorted by namespace, then name. */
  items(): readonly T[] {
    this.#sorted ??= [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return this.#sorted;
  }

  take({ type, object }: SourceChange<T>): void {
    const key = keyOf(object);
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#touched?.add(key);
    this.#sorted = undefined;
  }

  /** Takes a new list. */
  replace(items: readonly T[]): void {
    this.#objects = new Map(items.map((object) => [keyOf(object), object]));
    this.#sorted = undefined;
    this.#synced = true;
  }

  /** From now on remembers which objects are changed, until `compare` was called for the last time. */
  beginComparing(): void {
    this.#touched = new Set();
  }

  endComparing(): void {
    this.#touched = undefined;
  }

  /** How many objects that were not changed since `beginComparing` differ from what is listed. */
  compare(listed: Versions): number {
    const keys = [...new Set([...listed.keys(), ...this.#objects.keys()])].filter((key) => this.#touched?.has(key) !== true);
    return keys.filter((key) => {
      const object = this.#objects.get(key);
      return listed.has(key) !== (object !== undefined) || listed.get(key) !== object?.metadata.resourceVersion;
    }).length;
  }
}

export function versionsOf(items: readonly Followable[]): Versions {
  return new Map(items.map((object) => [keyOf(object), object.metadata.resourceVersion]));
}

function keyOf({ metadata: { namespace = "", name } }: Followable): string {
  return `${namespace}/${name}`;
}
