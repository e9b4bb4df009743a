/** What became of an ADD or DEL. A killed one may have done all, a part, or nothing. */
export type StormEnd =
  | { readonly kind: "added"; readonly addresses: readonly string[] }
  | { readonly kind: "deleted" }
  | { readonly kind: "killed" }
  | { readonly kind: "exhausted" };

/** An operation of a storm, with when it began and ended: places in the one order of all beginnings and ends. */
export interface StormOperation {
  readonly pod: string;
  readonly verb: "ADD" | "DEL";
  readonly began: number;
  readonly ended: number;
  readonly end: StormEnd;
}

/** From when to when a pod surely held addresses: from the end of an ADD to the beginning of what came next. */
interface Holding {
  readonly pod: string;
  readonly addresses: readonly string[];
  readonly from: number;
  readonly to: number;
}

/**
 * What in a history cannot be: an address that two pods held at one time, or a pool that is called exhausted at a time when some address
 * surely was free. `capacity` is how many pods the pool has addresses for.
 */
export function impossibilities(history: readonly StormOperation[], capacity: number): readonly string[] {
  const byPod = Map.groupBy(history, ({ pod }) => pod);
  return [...doubles([...byPod.values()].flatMap(holdingsOf)), ...falseExhaustions(history, byPod, capacity)];
}

function holdingsOf(operations: readonly StormOperation[]): readonly Holding[] {
  const ordered = [...operations].sort((a, b) => a.began - b.began);
  return ordered.flatMap(({ pod, end, ended }, index) =>
    end.kind === "added" ? [{ pod, addresses: end.addresses, from: ended, to: ordered[index + 1]?.began ?? Number.POSITIVE_INFINITY }] : [],
  );
}

function doubles(holdings: readonly Holding[]): readonly string[] {
  return holdings.flatMap((one, index) =>
    holdings.slice(index + 1).flatMap((other) => {
      if (one.pod === other.pod || one.to <= other.from || other.to <= one.from) return [];
      return one.addresses
        .filter((address) => other.addresses.includes(address))
        .map((address) => `${address} held by ${one.pod} and ${other.pod}`);
    }),
  );
}

/** A pod may hold an address when one of its operations goes on, or its last one before gave it one or was killed. */
function falseExhaustions(
  history: readonly StormOperation[],
  byPod: ReadonlyMap<string, readonly StormOperation[]>,
  capacity: number,
): readonly string[] {
  return history
    .filter(({ end }) => end.kind === "exhausted")
    .flatMap((refused) => {
      const holders = [...byPod].filter(([pod, operations]) => pod !== refused.pod && mayHold(operations, refused)).length;
      return holders >= capacity ? [] : [`${refused.pod} was refused when at most ${holders} of ${capacity} places were taken`];
    });
}

function mayHold(operations: readonly StormOperation[], { began, ended }: StormOperation): boolean {
  const overlaps = operations.some((one) => one.began < ended && one.ended > began);
  const last = operations.filter((one) => one.ended <= began).sort((a, b) => b.ended - a.ended)[0]?.end.kind;
  return overlaps || last === "added" || last === "killed";
}
