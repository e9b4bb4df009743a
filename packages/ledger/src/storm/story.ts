import type { Operation, OperationEnd } from "./history.ts";

/** What clients hand out addresses from. */
export interface StormPool {
  readonly network: string;
  readonly bridge: string;
  readonly bootId: string;
  /** Without prefix length, in order. */
  readonly addresses: readonly string[];
}

/** What a client is to do. */
export interface ClientOrder {
  /** The ledger's. */
  readonly folder: string;
  /** File that it appends what it saw to. */
  readonly story: string;
  readonly seed: number;
  readonly operations: number;
  /** After how many it is killed, at any moment of what it does then. */
  readonly killedAfter: number;
  /** Containers that only this client uses, and those that others use too. */
  readonly containers: readonly string[];
  readonly shared: readonly string[];
  readonly pool: StormPool;
}

/** Lines of a client's story. */
export const storyLine = {
  began: (name: string, key: string, verb: Operation["verb"], at: number): string => `began ${name} ${key} ${verb} ${at}\n`,
  ended: (name: string, at: number, end: string): string => `ended ${name} ${at} ${end}\n`,
} as const;

/**
 * Reads a story. What has no end was killed; it is given the end `killedAt`, by when the killed process was surely gone. A torn last line
 * is left out.
 */
export function readStory(text: string, killedAt: (beganAt: number) => number): readonly Operation[] {
  const operations: Operation[] = [];
  const open = new Map<string, Omit<Operation, "ended" | "end">>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [word, name = "", ...rest] = line.split(" ");
    if (word === "began") {
      const [key = "", verb, at] = rest;
      killed(open.get(name));
      open.set(name, { key, verb: verb === "add" ? "add" : "del", began: Number(at) });
    } else {
      const began = open.get(name);
      open.delete(name);
      if (began !== undefined) operations.push({ ...began, ended: Number(rest[0]), end: endOf(rest.slice(1)) });
    }
  }
  for (const began of open.values()) killed(began);
  return operations;

  function killed(began: Omit<Operation, "ended" | "end"> | undefined): void {
    if (began !== undefined) operations.push({ ...began, ended: killedAt(began.began), end: { kind: "unknown" } });
  }
}

function endOf([kind, address = ""]: readonly string[]): OperationEnd {
  switch (kind) {
    case "added":
      return { kind, addresses: [address] };
    case "deleted":
    case "exhausted":
      return { kind };
    default:
      // `busy`: a lock was not to be had in time.
      return { kind: "unknown" };
  }
}
