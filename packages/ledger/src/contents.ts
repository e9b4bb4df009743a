import { type AttachmentKey, keyText, type LedgerEntry } from "./entry.ts";
import type { EntryHead } from "./entry-head.ts";
import { type AddressTurn, bodyOf, entryOfBody, headOfBody, itemsOf, keyOfBody, type StickyAddresses, wordsOfBody } from "./record.ts";

/** The version of the record format that this code writes. */
export const LEDGER_VERSION = 2;
/** Names of pods whose addresses are remembered, and ranges whose turn is; the oldest make room for new ones. */
export const REMEMBERED = 512;

/** What a ledger held when it was read. */
export interface LedgerView {
  /** All entries, oldest first, also those of an earlier boot. Decodes each: `heads` is ten times faster. */
  entries(): readonly LedgerEntry[];
  /** What a choice has to know of all entries. */
  heads(): readonly EntryHead[];
  find(key: AttachmentKey): LedgerEntry | undefined;
  /** The entry of the key, and those whose `primary` it is. */
  family(key: AttachmentKey): readonly LedgerEntry[];
  /** Addresses (without length) of `bridge` that were handed out last, one for each of its ranges. */
  lastOf(bridge: string): readonly string[];
  /** The addresses on `bridge` that pods get again, by `namespace/name`; oldest first. */
  stickyOf(bridge: string): ReadonlyMap<string, readonly string[]>;
}

/** The state that a ledger's records add up to. Records are kept as texts, and decoded when they are asked for. */
export class LedgerContents implements LedgerView {
  /** `put` by key. */
  readonly #puts = new Map<string, string>();
  readonly #turns = new Map<string, AddressTurn>();
  readonly #sticky = new Map<string, StickyAddresses>();
  #version = LEDGER_VERSION;
  #isNamed = false;
  #count = 0;

  get version(): number {
    return this.#version;
  }

  /** The file's name is known to be on disk. */
  get isNamed(): boolean {
    return this.#isNamed;
  }

  /** Records that were applied. */
  get count(): number {
    return this.#count;
  }

  /** Records that are enough for the same state. */
  get needed(): number {
    return 1 + this.#puts.size + this.#turns.size + this.#sticky.size;
  }

  /** Plays a record. A later one takes the place of an earlier one that is about the same. */
  apply(body: string): void {
    this.#count++;
    switch (body.slice(0, body.indexOf(" "))) {
      case "put":
        renew(this.#puts, keyOfBody(body), body);
        return;
      case "remove":
        this.#puts.delete(keyOfBody(body));
        return;
      default:
        this.#applyRare(wordsOfBody(body));
    }
  }

  #applyRare([kind, bridge = "", subject = "", rest = ""]: readonly string[]): void {
    switch (kind) {
      case "header":
        this.#version = Number(bridge);
        return;
      case "named":
        this.#isNamed = true;
        return;
      case "turn":
        renew(this.#turns, `${bridge} ${subject}`, { bridge, range: subject, address: rest }, REMEMBERED);
        return;
      case "sticky":
        renew(this.#sticky, `${bridge} ${subject}`, { bridge, pod: subject, addresses: itemsOf(rest) }, REMEMBERED);
        return;
      case "forget":
        this.#sticky.delete(`${bridge} ${subject}`);
        return;
    }
  }

  /** The shortest texts of records that add up to the same state, but for `named`, which is about a file. */
  condensed(): readonly string[] {
    return [
      bodyOf({ kind: "header", version: LEDGER_VERSION }),
      ...this.#puts.values(),
      ...[...this.#turns.values()].map((turn) => bodyOf({ kind: "turn", ...turn })),
      ...[...this.#sticky.values()].map((sticky) => bodyOf({ kind: "sticky", ...sticky })),
    ];
  }

  entries(): readonly LedgerEntry[] {
    return Array.from(this.#puts.values(), entryOfBody);
  }

  heads(): readonly EntryHead[] {
    return Array.from(this.#puts.values(), headOfBody);
  }

  find(key: AttachmentKey): LedgerEntry | undefined {
    const body = this.bodyOf(key);
    return body === undefined ? undefined : entryOfBody(body);
  }

  has(key: AttachmentKey): boolean {
    return this.#puts.has(keyText(key));
  }

  /** The record of an entry as it is written. */
  bodyOf(key: AttachmentKey): string | undefined {
    return this.#puts.get(keyText(key));
  }

  /** True when this pod's addresses on `bridge` are remembered. */
  remembers(bridge: string, pod: string): boolean {
    return this.#sticky.has(`${bridge} ${pod}`);
  }

  family(key: AttachmentKey): readonly LedgerEntry[] {
    const container = keyText({ ...key, ifname: "" });
    const same = [...this.#puts].flatMap(([text, body]) => (text.startsWith(container) ? [entryOfBody(body)] : []));
    return [
      ...same.filter((entry) => entry.key.ifname === key.ifname),
      ...same.filter((entry) => entry.key.ifname !== key.ifname && entry.primary === key.ifname),
    ];
  }

  lastOf(bridge: string): readonly string[] {
    return [...this.#turns.values()].flatMap((turn) => (turn.bridge === bridge ? [turn.address] : []));
  }

  stickyOf(bridge: string): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#sticky.values()].flatMap((one) => (one.bridge === bridge ? [[one.pod, one.addresses] as const] : [])));
  }
}

/** Sets a value as the newest; where there are more than `limit` the oldest goes. */
function renew<T>(map: Map<string, T>, key: string, value: T, limit = Number.POSITIVE_INFINITY): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}
