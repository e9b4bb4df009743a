import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Log } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import { readIfPresent, writeDurably } from "./durable-file.ts";
import { leanPods } from "./lean-pods.ts";

/** One line. The first tells the version of the format. */
type PodLine = { readonly version: 1 } | { readonly put: PodNetwork } | { readonly remove: readonly [namespace: string, name: string] };

/** The file is written anew when it has more lines than this and than twice the pods. */
const LINES_ABOVE = 1000;

/** The file holds attachments of other hosts only, so that none is of the own one. */
const NO_HOST = "";

/**
 * The attachments of other hosts on disk, as a log of changes: what one pod changes on a vehicle of ten thousand is one line, not a
 * file of megabytes. A line is the CRC-32 of its JSON text in eight hex digits, a space, the JSON text. A line that cannot be read, as
 * the last one after a power cut, is left out, and the next write makes the file anew.
 */
export class PodLog {
  readonly #path: string;
  readonly #log: Log;
  /** What the file adds up to, sorted; undefined: the next write makes it anew. */
  #written: readonly PodNetwork[] | undefined;
  #lines = 0;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** What the file says; undefined when there is none, or none of this version. */
  async read(): Promise<readonly PodNetwork[] | undefined> {
    const text = await readIfPresent(this.#path);
    if (text === undefined) return undefined;
    const [first] = linesOf(text);
    if (first === undefined || !("version" in first)) {
      this.#log.error("pods.log cannot be read and is made anew", { path: this.#path });
      return undefined;
    }
    const pods = new Map<string, PodNetwork>();
    const lean = leanPods(NO_HOST);
    // What stands behind the last line feed is torn.
    let isWhole = text.endsWith("\n");
    this.#lines = 0;
    for (const line of linesOf(text)) {
      this.#lines++;
      if (line === undefined) isWhole = false;
      else if ("put" in line) pods.set(keyOf(line.put), lean(line.put));
      else if ("remove" in line) pods.delete(line.remove.join("/"));
    }
    const sorted = [...pods.values()].sort(byPlace);
    this.#written = isWhole ? sorted : undefined;
    return sorted;
  }

  /** Makes the file say `pods`, which are sorted by namespace and name. It is on disk when this resolves. */
  async write(pods: readonly PodNetwork[]): Promise<void> {
    const changes = this.#written === undefined ? undefined : changesBetween(this.#written, pods);
    if (changes?.length === 0) {
      // Equal, but those of the store take less memory than those that were read from the file.
      this.#written = pods;
      return;
    }
    // While a write is under way, or after one that failed, nobody knows what the file says.
    this.#written = undefined;
    if (changes === undefined || this.#lines + changes.length > Math.max(LINES_ABOVE, 2 * pods.length)) {
      const all: PodLine[] = [{ version: 1 }, ...pods.map((put) => ({ put }))];
      await writeDurably(this.#path, all.map(encoded).join(""));
      this.#lines = all.length;
    } else {
      await appendDurably(this.#path, changes.map(encoded).join(""));
      this.#lines += changes.length;
    }
    this.#written = pods;
  }
}

async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "a", 0o600);
  try {
    await file.appendFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function encoded(line: PodLine): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** The lines one after the other: all of them decoded at a time would be what the process needs most memory for. */
function* linesOf(text: string): Generator<PodLine | undefined> {
  for (let at = 0, end = text.indexOf("\n"); end !== -1; at = end + 1, end = text.indexOf("\n", at)) yield decoded(text.slice(at, end));
}

function decoded(line: string): PodLine | undefined {
  const json = line.slice(9);
  return line.slice(0, 9) === `${checksum(json)} ` ? (JSON.parse(json) as PodLine) : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/** What leads from one sorted list to another. */
function changesBetween(before: readonly PodNetwork[], after: readonly PodNetwork[]): readonly PodLine[] {
  const changes: PodLine[] = [];
  let at = 0;
  for (const pod of after) {
    for (let former = before[at]; former !== undefined && byPlace(former, pod) < 0; former = before[++at]) changes.push(removal(former));
    const same = before[at];
    const isKnown = same !== undefined && byPlace(same, pod) === 0;
    if (isKnown) at++;
    if (!isKnown || !isSame(same, pod)) changes.push({ put: pod });
  }
  return [...changes, ...before.slice(at).map(removal)];
}

function removal({ metadata: { namespace = "", name } }: PodNetwork): PodLine {
  return { remove: [namespace, name] };
}

/** The version alone does not tell: another store counts anew. */
function isSame(a: PodNetwork, b: PodNetwork): boolean {
  if (a === b) return true;
  const facts = ({ metadata, spec, status }: PodNetwork) =>
    [
      metadata.resourceVersion,
      spec.host,
      spec.bridge,
      spec.pod?.namespace,
      spec.pod?.name,
      status?.phase,
      ...(status?.addresses ?? []),
    ].join(" ");
  return facts(a) === facts(b);
}

function byPlace({ metadata: a }: PodNetwork, { metadata: b }: PodNetwork): number {
  return compareTexts(a.namespace ?? "", b.namespace ?? "") || compareTexts(a.name, b.name);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf({ metadata: { namespace = "", name } }: PodNetwork): string {
  return `${namespace}/${name}`;
}
