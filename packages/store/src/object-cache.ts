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

/** The objects of one collection, in one sorted array: a map beside it would need a text of its own as key of each object. */
export class ObjectCache<T extends Followable> {
  #items: T[] = [];
  /** Somebody may hold the array: who changes it makes a copy first. */
  #shown = false;
  #synced = false;
  #touched: Set<string> | undefined;

  /** True once a first list was taken. */
  synced(): boolean {
    return this.#synced;
  }

  /** Sorted by namespace, then name; the same array until something changes. */
  items(): readonly T[] {
    this.#shown = true;
    return this.#items;
  }

  take({ type, object }: SourceChange<T>): void {
    if (this.#shown) this.#items = [...this.#items];
    this.#shown = false;
    const index = placeOf(object, this.#items);
    const former = this.#items[index];
    const known = former !== undefined && byPlace(former, object) === 0 ? 1 : 0;
    if (type === "DELETED") this.#items.splice(index, known);
    else this.#items.splice(index, known, object);
    this.#touched?.add(keyOf(object));
  }

  /** Takes a new list. */
  replace(items: readonly T[]): void {
    this.#items = [...items].sort(byPlace);
    this.#shown = false;
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
    const held = versionsOf(this.#items);
    const keys = [...new Set([...listed.keys(), ...held.keys()])].filter((key) => this.#touched?.has(key) !== true);
    return keys.filter((key) => listed.has(key) !== held.has(key) || listed.get(key) !== held.get(key)).length;
  }
}

export function versionsOf(items: readonly Followable[]): Versions {
  return new Map(items.map((object) => [keyOf(object), object.metadata.resourceVersion]));
}

/** Orders by namespace, then name, each by its UTF-16 code units. */
export function byPlace({ metadata: a }: Followable, { metadata: b }: Followable): number {
  return compareTexts(a.namespace ?? "", b.namespace ?? "") || compareTexts(a.name, b.name);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where the object is in a sorted array, or has to go. */
function placeOf(object: Followable, sorted: readonly Followable[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = sorted[middle];
    if (there !== undefined && byPlace(there, object) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyOf({ metadata: { namespace = "", name } }: Followable): string {
  return `${namespace}/${name}`;
}
