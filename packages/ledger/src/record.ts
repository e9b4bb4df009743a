import type { AttachmentKey, LedgerEntry, MappedPort } from "./entry.ts";
import { keyText } from "./entry.ts";
import type { EntryHead } from "./entry-head.ts";

/** Where the choice of addresses goes on: the address that was handed out last of a range. */
export interface AddressTurn {
  readonly bridge: string;
  /** What names the range among those of the bridge: its first address. */
  readonly range: string;
  /** Without prefix length. */
  readonly address: string;
}

/** The addresses that a pod's name had on a bridge, which it gets again. */
export interface StickyAddresses {
  readonly bridge: string;
  /** `namespace/name`. */
  readonly pod: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** One record of the ledger. */
export type LedgerRecord =
  | { readonly kind: "header"; readonly version: number }
  /** The folder, and so the file's name, was on disk when this was written. */
  | { readonly kind: "named" }
  | { readonly kind: "put"; readonly entry: LedgerEntry }
  | { readonly kind: "remove"; readonly key: AttachmentKey }
  | ({ readonly kind: "turn" } & AddressTurn)
  | ({ readonly kind: "sticky" } & StickyAddresses)
  | { readonly kind: "forget"; readonly bridge: string; readonly pod: string };

/** In place of a list without items. */
const NONE = "-";
/** Fields of a `put` before its JSON text, the word included. */
const PUT_FIELDS = 8;

/**
 * The text of a record: words with one space between. What is looked at in all records of a ledger (`EntryHead`) stands in words of
 * their own, the rest of an entry as JSON behind them, because splitting a line costs a tenth of decoding it.
 */
export function bodyOf(record: LedgerRecord): string {
  switch (record.kind) {
    case "header":
      return words("header", String(record.version));
    case "named":
      return "named";
    case "put":
      return putBody(record.entry);
    case "remove":
      return words("remove", keyText(record.key));
    case "turn":
      return words("turn", record.bridge, record.range, record.address);
    case "sticky":
      return words("sticky", record.bridge, record.pod, list(record.addresses));
    case "forget":
      return words("forget", record.bridge, record.pod);
  }
}

function putBody(entry: LedgerEntry): string {
  const { key, bridge, hostName, bootId, addresses, ports = [], primary = NONE, ...rest } = entry;
  const head = words("put", keyText(key), bridge, hostName, bootId, list(addresses), list(ports.map(portText)), primary);
  return `${head} ${JSON.stringify(rest)}`;
}

/** The key of a `put` or `remove`, as `keyText` writes it. */
export function keyOfBody(body: string): string {
  const start = body.indexOf(" ") + 1;
  const end = body.indexOf(" ", start);
  return end === -1 ? body.slice(start) : body.slice(start, end);
}

/** The words of a record that has no JSON text. */
export function wordsOfBody(body: string): readonly string[] {
  return body.split(" ");
}

/** The whole entry of a `put`. */
export function entryOfBody(body: string): LedgerEntry {
  const head = headOfBody(body);
  const { key, bridge, hostName, bootId, addresses, ports, primary } = head;
  return {
    key,
    bridge,
    addresses,
    hostName,
    bootId,
    ...(ports.length === 0 ? {} : { ports }),
    ...(primary === undefined ? {} : { primary }),
    // The checksum vouches that we wrote this text, so its shape needs no second look.
    ...(JSON.parse(body.slice(body.indexOf(" {") + 1)) as Omit<LedgerEntry, keyof EntryHead>),
  };
}

/** The head of a `put`. */
export function headOfBody(body: string): EntryHead {
  return new BodyHead(body.split(" ", PUT_FIELDS));
}

/** Splits what is asked for: of most entries of a ledger only bridge, boot and addresses are. */
class BodyHead implements EntryHead {
  readonly bridge: string;
  readonly hostName: string;
  readonly bootId: string;
  readonly words: readonly string[];

  constructor(words: readonly string[]) {
    this.words = words;
    this.bridge = words[2] ?? "";
    this.hostName = words[3] ?? "";
    this.bootId = words[4] ?? "";
  }

  get key(): AttachmentKey {
    const [network = "", containerID = "", ifname = ""] = (this.words[1] ?? "").split("/");
    return { network, containerID, ifname };
  }

  get addresses(): readonly string[] {
    return itemsOf(this.words[5] ?? NONE);
  }

  get ports(): readonly MappedPort[] {
    return itemsOf(this.words[6] ?? NONE).map(portOf);
  }

  get primary(): string | undefined {
    const word = this.words[7];
    return word === NONE ? undefined : word;
  }
}

export function itemsOf(word: string): readonly string[] {
  return word === NONE ? [] : word.split(",");
}

function list(items: readonly string[]): string {
  return items.length === 0 ? NONE : items.join(",");
}

/** `tcp/8080/80`, with the host's address behind it where there is one. */
function portText({ protocol, hostPort, containerPort, hostIP }: MappedPort): string {
  return `${protocol}/${hostPort}/${containerPort}${hostIP === undefined ? "" : `/${hostIP}`}`;
}

function portOf(text: string): MappedPort {
  const [protocol = "", hostPort, containerPort, hostIP] = text.split("/");
  return {
    protocol: protocol as MappedPort["protocol"],
    hostPort: Number(hostPort),
    containerPort: Number(containerPort),
    ...(hostIP === undefined ? {} : { hostIP }),
  };
}

/** Joins words. A space, a line feed or a brace in one would be read as something else; whoever reads names and addresses in has refused them. */
function words(...all: readonly string[]): string {
  const bad = all.find((word) => word === "" || /[\s{]/.test(word));
  if (bad !== undefined) throw new RangeError(`not a word of a ledger record: ${JSON.stringify(bad)}`);
  return all.join(" ");
}
