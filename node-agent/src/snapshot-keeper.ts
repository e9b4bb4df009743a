import { describeError, type Log } from "@pharos/base";
import type { Live } from "@pharos/compiler";
import { type AgentSnapshot, type HashedRevision, NO_LIVE, type RejectedRevision, type SnapshotFolder } from "./snapshot.ts";

const MAX_REJECTED = 20;

type Part = keyof AgentSnapshot;

/**
 * The agent's snapshot in memory and on disk. A disk that is full or read-only stops no round: what could not be written
 * counts in memory, stays pending, and is written by a later `flush`.
 */
export class SnapshotKeeper {
  readonly #folder: SnapshotFolder;
  readonly #log: Log;
  #current: AgentSnapshot = { live: NO_LIVE, rejected: [] };
  readonly #pending = new Set<Part>();
  #problem: string | undefined;

  constructor(folder: SnapshotFolder, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  get current(): AgentSnapshot {
    return this.#current;
  }

  /** Why the disk does not hold all of `current`; undefined when it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes what the disk holds. */
  async load(): Promise<void> {
    this.#current = await this.#folder.read();
  }

  async setLastGood(lastGood: HashedRevision): Promise<void> {
    await this.#set("lastGood", { ...this.#current, lastGood });
  }

  async setLive(live: Live): Promise<void> {
    await this.#set("live", { ...this.#current, live });
  }

  async reject(revision: RejectedRevision): Promise<void> {
    await this.#set("rejected", { ...this.#current, rejected: [...this.#current.rejected, revision].slice(-MAX_REJECTED) });
  }

  /** Writes what is pending; says so in the log when that fails, once per reason. */
  async flush(): Promise<void> {
    let problem: string | undefined;
    for (const part of [...this.#pending]) {
      try {
        await this.#write(part);
        this.#pending.delete(part);
      } catch (error) {
        problem = describeError(error);
      }
    }
    if (problem !== undefined && problem !== this.#problem) this.#log.error("the state of the agent is not on disk", { error: problem });
    this.#problem = problem;
  }

  #set(part: Part, next: AgentSnapshot): Promise<void> {
    this.#current = next;
    this.#pending.add(part);
    return this.flush();
  }

  async #write(part: Part): Promise<void> {
    const { lastGood, live, rejected } = this.#current;
    if (part === "live") await this.#folder.writeLive(live);
    else if (part === "rejected") await this.#folder.writeRejected(rejected);
    else if (lastGood !== undefined) await this.#folder.writeLastGood(lastGood);
  }
}
