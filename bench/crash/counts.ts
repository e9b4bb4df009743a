// What a series of kills left behind, counted.

/** A kill and what was wrong afterwards, in the words of the proof. */
export interface KillRecord {
  readonly verb: string;
  readonly call: string;
  readonly aftermath: string;
  readonly faults: readonly string[];
}

export interface KillCounts {
  readonly kills: number;
  /** Kills after which something was left over for good: an address, a link, an nft object, a qdisc, a filter, a route. */
  readonly leaky: number;
  /** What was left over, by kind. */
  readonly leaked: Readonly<Record<string, number>>;
  /** Kills after which an address was held twice. */
  readonly doubled: number;
  /** Kills after which the verb, or the cleaning one, failed. */
  readonly refused: number;
  /** Kills by aftermath, and how many of them left something over. */
  readonly byAftermath: Readonly<Record<string, { readonly kills: number; readonly leaky: number }>>;
}

const LEFT_OVER = /left over: (?:\w+: )?(\w+)/;

export function countsOf(records: readonly KillRecord[]): KillCounts {
  const leaked: Record<string, number> = {};
  for (const fault of records.flatMap(({ faults }) => faults)) {
    const kind = LEFT_OVER.exec(fault)?.[1];
    if (kind !== undefined) leaked[kind] = (leaked[kind] ?? 0) + 1;
  }
  const having = (pattern: RegExp) => records.filter(({ faults }) => faults.some((fault) => pattern.test(fault))).length;
  const groups = Map.groupBy(records, ({ aftermath }) => aftermath);
  return {
    kills: records.length,
    leaky: having(LEFT_OVER),
    leaked,
    doubled: having(/held twice/),
    refused: having(/: (refused|code \d+)/),
    byAftermath: Object.fromEntries(
      [...groups].map(([aftermath, group]) => [
        aftermath,
        { kills: group.length, leaky: group.filter(({ faults }) => faults.some((fault) => LEFT_OVER.test(fault))).length },
      ]),
    ),
  };
}

/** Leaky kills for each thousand. */
export function perThousand({ kills, leaky }: Pick<KillCounts, "kills" | "leaky">): number {
  return kills === 0 ? 0 : (1000 * leaky) / kills;
}
