import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeError, isSystemError, type Log } from "@pharos/base";
import { type LedgerEntry, readLedger } from "@pharos/ledger";

/** The kernel's name for this boot (random(4)); also in a container the machine's own. */
const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";

export interface OwnLedgerOptions {
  readonly folder: string;
  readonly log: Log;
  /** Absent: the kernel's. */
  readonly bootId?: string;
}

/** The plugin's ledger of this host, read again only when its files changed. */
export class OwnLedger {
  readonly bootId: string;
  readonly #folder: string;
  readonly #log: Log;
  #version: string | undefined;
  #all: readonly LedgerEntry[] = [];
  #current: readonly LedgerEntry[] = [];
  #problem = "";

  constructor({ folder, log, bootId }: OwnLedgerOptions) {
    this.#folder = folder;
    this.#log = log;
    this.bootId = bootId ?? readFileSync(BOOT_ID_PATH, "utf8").trim();
  }

  /** All entries, oldest first, also those of earlier boots; the same array until the ledger changes. */
  all(): readonly LedgerEntry[] {
    this.#refresh();
    return this.#all;
  }

  /** The attachments that hold: no pod outlives a boot, so what another boot left holds nothing. The same array until the ledger changes. */
  current(): readonly LedgerEntry[] {
    this.#refresh();
    return this.#current;
  }

  /** A ledger that cannot be read is as it was when it last could. */
  #refresh(): void {
    const version = versionOf(this.#folder);
    if (version === this.#version) return;
    try {
      this.#all = readLedger(this.#folder);
      this.#current = this.#all.filter((entry) => entry.bootId === this.bootId);
      this.#version = version;
      this.#problem = "";
    } catch (error) {
      const problem = describeError(error);
      if (problem !== this.#problem) this.#log.error("the ledger of pods cannot be read", { error: problem });
      this.#problem = problem;
    }
  }
}

/** A text that changes with every write to a file of the folder. */
function versionOf(folder: string): string {
  try {
    const files = readdirSync(folder).sort();
    return files.map((name) => [name, ...stateOf(join(folder, name))].join(" ")).join("\n");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return "";
    throw error;
  }
}

function stateOf(path: string): readonly unknown[] {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? [] : [found.ino, found.size, found.mtimeNs];
}
