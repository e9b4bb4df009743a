import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describeError, type Log, PharosError } from "@pharos/base";
import type { Live, Revision } from "@pharos/compiler";
import { AGENT_SNAPSHOT_UNREADABLE, AGENT_SNAPSHOT_UNWRITABLE } from "./codes.ts";
import { readIfPresent, writeDurably } from "./durable-file.ts";
import { PodLog } from "./pod-log.ts";

/** Where the agent keeps its snapshots, below the host's root. */
export const SNAPSHOT_FOLDER = "/var/lib/pharos/agent";

/** A revision that this host refused or rolled back from; it is not tried again by itself. */
export interface RejectedRevision {
  readonly epoch: string;
  readonly number: number;
  readonly hash: string;
  readonly reason: string;
}

/** A revision with the content hash that it was frozen with. */
export interface HashedRevision extends Revision {
  readonly hash: string;
}

/** What the agent keeps on disk, so that it needs no store to start. */
export interface AgentSnapshot {
  readonly lastGood?: HashedRevision;
  readonly live: Live;
  readonly rejected: readonly RejectedRevision[];
}

export const NO_LIVE: Live = { podNetworks: [], serviceRegistrations: [] };

interface Envelope {
  readonly version: 1;
  readonly value: unknown;
}

/** The agent's files in one folder: last-good.json, live.json, pods.log, rejected.json. */
export class SnapshotFolder {
  readonly #folder: string;
  readonly #log: Log;
  readonly #pods: PodLog;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
    this.#pods = new PodLog(join(folder, "pods.log"), log);
  }

  /** Reads all files. One that cannot be read is set aside with an error in the log; the others still count. */
  async read(): Promise<AgentSnapshot> {
    const lastGood = await this.#readOne<HashedRevision>("last-good.json");
    const live = (await this.#readOne<Live>("live.json")) ?? NO_LIVE;
    // An earlier version kept the pods in live.json.
    const { podNetworks: former = [] }: Partial<Live> = live;
    return {
      ...(lastGood === undefined ? {} : { lastGood }),
      live: { ...live, podNetworks: (await this.#pods.read()) ?? former },
      rejected: (await this.#readOne<readonly RejectedRevision[]>("rejected.json")) ?? [],
    };
  }

  writeLastGood(revision: HashedRevision): Promise<void> {
    return this.#write("last-good.json", revision);
  }

  /** Writes live data without the pods. */
  writeLive({ serviceRegistrations, cluster }: Omit<Live, "podNetworks">): Promise<void> {
    return this.#write("live.json", { serviceRegistrations, ...(cluster === undefined ? {} : { cluster }) });
  }

  /** Writes what changed of the pods. */
  writePods(pods: Live["podNetworks"]): Promise<void> {
    return unwritable("pods.log", () => this.#pods.write(pods));
  }

  writeRejected(rejected: readonly RejectedRevision[]): Promise<void> {
    return this.#write("rejected.json", rejected);
  }

  #write(name: string, value: unknown): Promise<void> {
    const envelope: Envelope = { version: 1, value };
    return unwritable(name, () => writeDurably(join(this.#folder, name), JSON.stringify(envelope)));
  }

  async #readOne<T>(name: string): Promise<T | undefined> {
    const path = join(this.#folder, name);
    try {
      const text = await readIfPresent(path);
      if (text === undefined) return undefined;
      const envelope = JSON.parse(text) as Envelope;
      if (envelope.version !== 1) throw new Error(`unknown version ${String(envelope.version)}`);
      return envelope.value as T;
    } catch (cause) {
      const error = new PharosError(AGENT_SNAPSHOT_UNREADABLE, `cannot read ${path}`, { cause });
      this.#log.error(describeError(error));
      await rename(path, `${path}.unreadable`).catch(() => {});
      return undefined;
    }
  }
}

async function unwritable(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new PharosError(AGENT_SNAPSHOT_UNWRITABLE, `cannot write ${name}`, { cause });
  }
}
