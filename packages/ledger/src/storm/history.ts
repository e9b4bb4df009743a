/** What became of an operation. One whose client was killed may have done all, a part, or nothing. */
export type OperationEnd =
  | { readonly kind: "added"; readonly addresses: readonly string[] }
  | { readonly kind: "deleted" }
  | { readonly kind: "exhausted" }
  | { readonly kind: "unknown" };

/** An operation on one attachment, as its client saw it. */
export interface Operation {
  readonly key: string;
  readonly verb: "add" | "del";
  /** Before it was called and after it returned, by a clock that all clients share; only the order counts. */
  readonly began: number;
  readonly ended: number;
  readonly end: OperationEnd;
}

/** Operations of one key, each of which overlaps another; as a rule a single one. */
interface Burst {
  readonly key: string;
  readonly began: number;
  readonly ended: number;
  readonly operations: readonly Operation[];
}

/** When an attachment held its addresses: surely, or perhaps. */
interface Holding {
  readonly key: string;
  readonly addresses: readonly string[];
  readonly from: number;
  readonly to: number;
}

type Outcome = { readonly kind: "held"; readonly addresses: readonly string[] } | { readonly kind: "free" } | { readonly kind: "unknown" };

/**
 * What in a history no ledger could have done that hands each address to one attachment at a time: an address that two held at
 * once, a pool of `capacity` that was called exhausted while an address was surely free, an attachment that got other addresses than
 * those that it held. `left` is what the ledger holds after all operations, by key: an attachment that was lost or came back is found too.
 */
export function impossibilities(
  history: readonly Operation[],
  { capacity, left }: { readonly capacity: number; readonly left: ReadonlyMap<string, readonly string[]> },
): readonly string[] {
  const bursts = [...Map.groupBy(history, ({ key }) => key).values()].map(burstsOf);
  const lives = bursts.map(lifeOf);
  return [
    ...lives.flatMap(({ changes }) => changes),
    ...doubles(lives.flatMap(({ sure }) => sure)),
    ...falseExhaustions(
      history,
      lives.flatMap(({ possible }) => possible),
      capacity,
    ),
    ...lives.flatMap((life) => wrongEnd(life, left)),
    ...unknownKeys(lives, left),
  ];
}

function burstsOf(operations: readonly Operation[]): readonly Burst[] {
  const bursts: Burst[] = [];
  for (const operation of operations.toSorted((a, b) => a.began - b.began)) {
    const last = bursts.at(-1);
    if (last === undefined || last.ended <= operation.began) bursts.push({ ...operation, operations: [operation] });
    else {
      bursts.pop();
      bursts.push({ ...last, ended: Math.max(last.ended, operation.ended), operations: [...last.operations, operation] });
    }
  }
  return bursts;
}

interface Life {
  readonly key: string;
  readonly sure: readonly Holding[];
  readonly possible: readonly Holding[];
  readonly changes: readonly string[];
  readonly end: Outcome;
}

/** Plays the bursts of one key. */
function lifeOf(bursts: readonly Burst[]): Life {
  const sure: Holding[] = [];
  const possible: Holding[] = [];
  const changes: string[] = [];
  let state: Outcome = { kind: "free" };
  let possibleFrom: number | undefined;
  const key = bursts[0]?.key ?? "";
  for (const [index, burst] of bursts.entries()) {
    const outcome = outcomeOf(burst, state);
    changes.push(...unequal(burst, state));
    if (outcome.kind === "held")
      sure.push({ key, addresses: outcome.addresses, from: burst.ended, to: bursts[index + 1]?.began ?? Number.POSITIVE_INFINITY });
    if (possibleFrom === undefined && burst.operations.some(({ verb, end }) => verb === "add" && end.kind !== "exhausted"))
      possibleFrom = burst.began;
    if (outcome.kind === "free" && possibleFrom !== undefined) {
      possible.push({ key, addresses: [], from: possibleFrom, to: burst.ended });
      possibleFrom = undefined;
    }
    state = outcome;
  }
  if (possibleFrom !== undefined) possible.push({ key, addresses: [], from: possibleFrom, to: Number.POSITIVE_INFINITY });
  return { key, sure, possible, changes, end: state };
}

/** What surely is after a burst. */
function outcomeOf({ operations }: Burst, before: Outcome): Outcome {
  const kinds = new Set(operations.map(({ end }) => end.kind));
  if (kinds.size > 1) return { kind: "unknown" };
  const [first] = operations;
  switch (first?.end.kind) {
    case "added":
      return { kind: "held", addresses: first.end.addresses };
    case "deleted":
      return { kind: "free" };
    case "exhausted":
      // An attachment that holds addresses gets them again, so this one held none.
      return before.kind === "unknown" ? { kind: "free" } : before;
    default:
      return { kind: "unknown" };
  }
}

/** ADDs of what is held answer what is held, and ADDs beside which nothing is deleted answer the same. */
function unequal({ operations, key }: Burst, before: Outcome): readonly string[] {
  if (operations.some(({ end }) => end.kind === "deleted" || end.kind === "unknown")) return [];
  const told = operations.map(({ end }) => (end.kind === "added" ? end.addresses.join(" ") : "none"));
  const all = new Set(before.kind === "held" ? [before.addresses.join(" "), ...told] : told.filter((one) => one !== "none"));
  return all.size <= 1 ? [] : [`${key} was told ${[...all].join(", then ")}`];
}

function doubles(holdings: readonly Holding[]): readonly string[] {
  const byAddress = new Map<string, Holding[]>();
  for (const holding of holdings)
    for (const address of holding.addresses) {
      const list = byAddress.get(address);
      if (list === undefined) byAddress.set(address, [holding]);
      else list.push(holding);
    }
  return [...byAddress].flatMap(([address, list]) => {
    const found: string[] = [];
    let longest: Holding | undefined;
    for (const holding of list.sort((a, b) => a.from - b.from)) {
      if (longest !== undefined && holding.from < longest.to && holding.key !== longest.key)
        found.push(`${address} was held by ${longest.key} and ${holding.key}`);
      if (longest === undefined || holding.to > longest.to) longest = holding;
    }
    return found;
  });
}

/** At some moment of a refused ADD, `capacity` others must perhaps have held addresses. */
function falseExhaustions(history: readonly Operation[], possible: readonly Holding[], capacity: number): readonly string[] {
  const levels = new Levels(possible);
  const byKey = Map.groupBy(possible, ({ key }) => key);
  return history.flatMap(({ key, began, ended, end }) => {
    if (end.kind !== "exhausted") return [];
    const own = (byKey.get(key) ?? []).some(({ from, to }) => from <= began && ended <= to) ? 1 : 0;
    const most = levels.highest(began, ended) - own;
    return most >= capacity ? [] : [`${key} was refused while at most ${most} of ${capacity} were held`];
  });
}

/** How many intervals cover a moment, as steps. */
class Levels {
  readonly #times: number[];
  /** The level from a step's time on; `#table[k][i]` is the highest of the 2^k steps from i. */
  readonly #table: number[][];

  constructor(intervals: readonly Holding[]) {
    const steps = new Map<number, number>();
    for (const { from, to } of intervals) {
      steps.set(from, (steps.get(from) ?? 0) + 1);
      steps.set(to, (steps.get(to) ?? 0) - 1);
    }
    const ordered = [...steps].sort(([a], [b]) => a - b);
    this.#times = ordered.map(([time]) => time);
    let level = 0;
    const levels = ordered.map(([, step]) => {
      level += step;
      return level;
    });
    this.#table = [levels];
    for (let width = 1; 2 * width <= levels.length; width *= 2) {
      const row = this.#table.at(-1) ?? [];
      this.#table.push(Array.from({ length: levels.length - 2 * width + 1 }, (_, at) => Math.max(row[at] ?? 0, row[at + width] ?? 0)));
    }
  }

  /** The highest level between two moments, both included. */
  highest(from: number, to: number): number {
    const first = Math.max(0, this.#stepAt(from));
    const last = this.#stepAt(to);
    if (last < first) return 0;
    const row = Math.floor(Math.log2(last - first + 1));
    return Math.max(this.#table[row]?.[first] ?? 0, this.#table[row]?.[last - 2 ** row + 1] ?? 0);
  }

  /** Index of the last step at or before a moment; -1 before all. */
  #stepAt(time: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function wrongEnd({ key, end }: Life, left: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = left.get(key)?.join(" ") ?? "none";
  const wanted = end.kind === "held" ? end.addresses.join(" ") : "none";
  return end.kind === "unknown" || found === wanted ? [] : [`${key} should hold ${wanted} at the end, and holds ${found}`];
}

function unknownKeys(lives: readonly Life[], left: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const known = new Set(lives.map(({ key }) => key));
  return [...left].flatMap(([key, addresses]) =>
    known.has(key) ? [] : [`${key} holds ${addresses.join(" ")} at the end, and nobody asked for it`],
  );
}
