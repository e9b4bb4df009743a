import { type AttachmentKey, isOfFamily, keyText, type LedgerEntry } from "./entry.ts";
import type { EntryHead } from "./entry-head.ts";
import { bodyOfLine, KEY_OF_PUT, letterOfLine } from "./journal-lines.ts";
import { type AddressTurn, bodyOf, entryOfBody, headOfBody, itemsOf, keyOfBody, type StickyAddresses, wordsOfBody } from "./record.ts";

/** The version of the record format that this code writes. */
export const LEDGER_VERSION = 2;
/** Names of pods whose addresses are remembered, and ranges whose turn is; the oldest make room for new ones. */
export const REMEMBERED = 512;

/** What a ledger held when it was read. Entries are kept as texts: looking for a text in all costs far less than decoding each. */
export interface LedgerView {
  /** All entries, oldest first, also those of an earlier boot. */
  entries(): readonly LedgerEntry[];
  find(key: AttachmentKey): LedgerEntry | undefined;
  /** The entry of the key, and behind it those whose `primary` it is. */
  family(key: AttachmentKey): readonly LedgerEntry[];
  /** The entries in whose record `text` stands, as the value of whatever field; callers look at the field that they mean. */
  mentioning(text: string): readonly LedgerEntry[];
  /** The addresses (without length) that entries of this boot hold on `bridge`. */
  addressesOn(bridge: string, bootId: string): AddressSet;
  /** The entries of other boots. */
  keysOfOtherBoots(bootId: string): readonly AttachmentKey[];
  /** Addresses (without length) of `bridge` that were handed out last, one for each of its ranges. */
  lastOf(bridge: string): readonly string[];
  /** The addresses on `bridge` that pods get again, by `namespace/name`; oldest first. */
  stickyOf(bridge: string): ReadonlyMap<string, readonly string[]>;
}

export type AddressSet = Pick<ReadonlySet<string>, "has">;

const LETTER_OF_PUT = "p".charCodeAt(0);
const LETTER_OF_REMOVE = "r".charCodeAt(0);
/** Searches of the text for single addresses, after which the set of all is made: most choices need one or two. */
const SEARCHES = 8;

/** The state that a ledger's records add up to. */
export class LedgerContents implements LedgerView {
  /** What was played, as it was read. */
  readonly #texts: string[] = [];
  /** Lines of `put` by key. */
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

  /** Records that were played. */
  get count(): number {
    return this.#count;
  }

  /** Records that are enough for the same state. */
  get needed(): number {
    return 1 + this.#puts.size + this.#turns.size + this.#sticky.size;
  }

  /** Plays lines. A later one takes the place of an earlier one that is about the same. */
  play(text: string): void {
    if (text === "") return;
    this.#texts.push(text);
    const lines = text.split("\n");
    this.#count += lines.length;
    for (const line of lines) {
      const letter = letterOfLine(line);
      if (letter === LETTER_OF_PUT) {
        const key = line.slice(KEY_OF_PUT, line.indexOf(" ", KEY_OF_PUT));
        this.#puts.delete(key);
        this.#puts.set(key, line);
      } else if (letter === LETTER_OF_REMOVE) this.#puts.delete(keyOfBody(bodyOfLine(line)));
      else this.#playRare(wordsOfBody(bodyOfLine(line)));
    }
  }

  #playRare([kind, bridge = "", subject = "", rest = ""]: readonly string[]): void {
    switch (kind) {
      case "header":
        this.#version = Number(bridge);
        return;
      case "named":
        this.#isNamed = true;
        return;
      case "turn":
        renew(this.#turns, `${bridge} ${subject}`, { bridge, range: subject, address: rest });
        return;
      case "sticky":
        renew(this.#sticky, `${bridge} ${subject}`, { bridge, pod: subject, addresses: itemsOf(rest) });
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
      ...Array.from(this.#puts.values(), bodyOfLine),
      ...[...this.#turns.values()].map((turn) => bodyOf({ kind: "turn", ...turn })),
      ...[...this.#sticky.values()].map((sticky) => bodyOf({ kind: "sticky", ...sticky })),
    ];
  }

  entries(): readonly LedgerEntry[] {
    return Array.from(this.#puts.values(), entryOfLine);
  }

  /** What `entries` holds, as far as it can be had without decoding each. */
  heads(): readonly EntryHead[] {
    return Array.from(this.#puts.values(), headOfLine);
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
    const line = this.#puts.get(keyText(key));
    return line === undefined ? undefined : bodyOfLine(line);
  }

  family(key: AttachmentKey): readonly LedgerEntry[] {
    const same = this.mentioning(` ${keyText({ ...key, ifname: "" })}`);
    const isFurther = (entry: LedgerEntry) => keyText(entry.key) !== keyText(key);
    return same.filter((entry) => isOfFamily(entry, key)).sort((a, b) => Number(isFurther(a)) - Number(isFurther(b)));
  }

  mentioning(text: string): readonly LedgerEntry[] {
    // Dead lines may hold it too, so only a failure is an answer.
    if (!this.#texts.some((played) => played.includes(text))) return [];
    const found: LedgerEntry[] = [];
    for (const line of this.#puts.values()) if (line.includes(text)) found.push(entryOfLine(line));
    return found;
  }

  addressesOn(bridge: string, bootId: string): AddressSet {
    let searches = 0;
    let all: ReadonlySet<string> | undefined;
    return {
      has: (address) => {
        if (all !== undefined) return all.has(address);
        if (++searches > SEARCHES) all = this.#allAddressesOn(bridge, bootId);
        return this.mentioning(`${address}/`).some(
          (entry) => entry.bridge === bridge && entry.bootId === bootId && entry.addresses.some((held) => withoutLength(held) === address),
        );
      },
    };
  }

  #allAddressesOn(bridge: string, bootId: string): ReadonlySet<string> {
    const held = this.heads().filter((head) => head.bridge === bridge && head.bootId === bootId);
    return new Set(held.flatMap(({ addresses }) => addresses.map(withoutLength)));
  }

  keysOfOtherBoots(bootId: string): readonly AttachmentKey[] {
    const word = ` ${bootId} `;
    const found: AttachmentKey[] = [];
    for (const line of this.#puts.values()) {
      const head = line.includes(word) ? undefined : headOfLine(line);
      if (head !== undefined) found.push(head.key);
    }
    return found;
  }

  /** True when this pod's addresses on `bridge` are remembered. */
  remembers(bridge: string, pod: string): boolean {
    return this.#sticky.has(`${bridge} ${pod}`);
  }

  lastOf(bridge: string): readonly string[] {
    return [...this.#turns.values()].flatMap((turn) => (turn.bridge === bridge ? [turn.address] : []));
  }

  stickyOf(bridge: string): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#sticky.values()].flatMap((one) => (one.bridge === bridge ? [[one.pod, one.addresses] as const] : [])));
  }
}

function entryOfLine(line: string): LedgerEntry {
  return entryOfBody(bodyOfLine(line));
}

function headOfLine(line: string): EntryHead {
  return headOfBody(bodyOfLine(line));
}

function withoutLength(address: string): string {
  return address.split("/")[0] ?? address;
}

/** Sets a value as the newest; where there are more than `REMEMBERED` the oldest goes. */
function renew<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED) return;
    map.delete(oldest);
  }
}
