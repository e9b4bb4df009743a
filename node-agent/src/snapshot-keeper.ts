import { type Clock, describeError, type Log } from "@pharos/base";
import type { Live } from "@pharos/compiler";
import { type AgentSnapshot, type HashedRevision, NO_LIVE, type RejectedRevision, type SnapshotFolder } from "./snapshot.ts";

const MAX_REJECTED = 20;

type Part = keyof AgentSnapshot | "pods";

/** Pods come and go in storms on all hosts; what happens within this time is one write. */
const PODS_PAUSE_MS = 1000;

/**
 * The agent's snapshot in memory and on disk. A disk that is full or read-only stops no round: what could not be written
 * counts in memory, stays pending, and is written by a later `flush`.
 */
export class SnapshotKeeper {
  readonly #folder: SnapshotFolder;
  readonly #log: Log;
  readonly #clock: Clock;
  #podsWritten: number | undefined;
  #current: AgentSnapshot = { live: NO_LIVE, rejected: [] };
  readonly #pending = new Set<Part>();
  #problem: string | undefined;

  constructor({ folder, log, clock }: { readonly folder: SnapshotFolder; readonly log: Log; readonly clock: Clock }) {
    this.#folder = folder;
    this.#log = log;
    this.#clock = clock;
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

  /** Pods alone may be written by a later `flush`. */
  async setLive(live: Live): Promise<void> {
    const { podNetworks, serviceRegistrations, cluster } = this.#current.live;
    this.#current = { ...this.#current, live };
    if (live.serviceRegistrations !== serviceRegistrations || live.cluster !== cluster) this.#pending.add("live");
    if (live.podNetworks !== podNetworks) this.#pending.add("pods");
    await this.flush();
  }

  async reject(revision: RejectedRevision): Promise<void> {
    await this.#set("rejected", { ...this.#current, rejected: [...this.#current.rejected, revision].slice(-MAX_REJECTED) });
  }

  /** Writes what is pending and due; says so in the log when that fails, once per reason. */
  async flush(): Promise<void> {
    await this.#writeAll([...this.#pending].filter((part) => part !== "pods" || this.#podsAreDue()));
  }

  /** Writes all that is pending, for the last time. */
  async close(): Promise<void> {
    await this.#writeAll([...this.#pending]);
  }

  #podsAreDue(): boolean {
    return this.#podsWritten === undefined || this.#clock.monotonic() - this.#podsWritten >= PODS_PAUSE_MS;
  }

  async #writeAll(parts: readonly Part[]): Promise<void> {
    let problem: string | undefined;
    for (const part of parts) {
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
    else if (part === "pods") {
      this.#podsWritten = this.#clock.monotonic();
      await this.#folder.writePods(live.podNetworks);
    } else if (part === "rejected") await this.#folder.writeRejected(rejected);
    else if (lastGood !== undefined) await this.#folder.writeLastGood(lastGood);
  }
}
