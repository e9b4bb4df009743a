import { type Clock, describeError, hasCode, KeyedQueue, type Log, PharosError } from "@pharos/base";
import type { ServiceRegistration } from "@pharos/kinds";
import { type Home, refText, STORE_CONFLICT, STORE_EXISTS, STORE_FENCED, STORE_UNAVAILABLE, type Workloads } from "@pharos/store";
import { unlessGone } from "../act.ts";
import { OPERATOR_WORKLOAD_REFUSED } from "../codes.ts";
import { keyOf, type WorkloadsDecision } from "./decide-workloads.ts";

export interface WorkloadWriterOptions {
  readonly store: Pick<Home["store"], "create" | "update" | "delete">;
  readonly workloads?: Workloads;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** After a change of `refusals`. */
  readonly onChange: () => void;
}

/** One write. An equal `content` means the same write again. */
interface Write {
  readonly content: string;
  readonly carryOut: () => Promise<unknown>;
}

const WORKERS = 2;
const PAUSE = { first: 500, last: 60_000 };
/** What these tell is no fault of the object: the API server is away, or somebody else wrote first. */
const NOT_REFUSED = [STORE_UNAVAILABLE, STORE_CONFLICT, STORE_FENCED];

/**
 * Writes what was decided for the services, each object by itself: one that is refused is tried again after longer and longer pauses,
 * and holds up neither the others nor the rounds that make revisions. Each decision takes the place of the one before.
 */
export class WorkloadWriter {
  readonly #options: WorkloadWriterOptions;
  readonly #queue: KeyedQueue;
  readonly #refusals = new Map<string, string>();
  #wanted: ReadonlyMap<string, Write> = new Map();

  constructor(options: WorkloadWriterOptions) {
    this.#options = options;
    const { clock, random } = options;
    const onFailure = ({ key, error }: { readonly key: string; readonly error: unknown }) => this.#failed(key, error);
    this.#queue = new KeyedQueue({ clock, random, workers: WORKERS, pause: PAUSE, work: (key) => this.#work(key), onFailure });
  }

  /** Why objects could not be written, by their keys (`keyOf`). */
  refusals(): ReadonlyMap<string, string> {
    return this.#refusals;
  }

  want(decision: WorkloadsDecision): void {
    const next = this.#writesOf(decision);
    for (const [key, { content }] of this.#wanted) if (next.get(key)?.content !== content) this.#forget(key);
    this.#wanted = next;
    for (const key of next.keys()) this.#queue.add(key);
  }

  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  #writesOf({ register, unregister, apply, remove }: WorkloadsDecision): ReadonlyMap<string, Write> {
    const { store, workloads } = this.#options;
    const write = (key: string, content: unknown, carryOut: Write["carryOut"]): [string, Write] => [
      key,
      { content: JSON.stringify(content), carryOut },
    ];
    return new Map([
      ...register.map((entry) => write(keyOf(entry), entry, () => registered(store, entry))),
      ...unregister.map((ref) => write(refText(ref), "remove", () => unlessGone(store.delete(ref)))),
      ...(workloads === undefined ? [] : apply.map((object) => write(keyOf(object), object, () => workloads.apply(object)))),
      ...(workloads === undefined ? [] : remove.map((object) => write(keyOf(object), "remove", () => workloads.delete(object)))),
    ]);
  }

  #forget(key: string): void {
    this.#queue.forget(key);
    this.#refusals.delete(key);
  }

  async #work(key: string): Promise<void> {
    const write = this.#wanted.get(key);
    if (write === undefined) return;
    await write.carryOut();
    if (!this.#refusals.delete(key)) return;
    this.#options.log.info("a workload is taken now", { object: key });
    this.#options.onChange();
  }

  #failed(key: string, error: unknown): void {
    if (NOT_REFUSED.some((code) => hasCode(error, code))) return;
    const text = describeError(error);
    if (this.#refusals.get(key) === text) return;
    this.#refusals.set(key, text);
    const told = new PharosError(OPERATOR_WORKLOAD_REFUSED, `${key} cannot be written`, { cause: error });
    this.#options.log.error(describeError(told));
    this.#options.onChange();
  }
}

async function registered(store: WorkloadWriterOptions["store"], entry: ServiceRegistration): Promise<void> {
  try {
    await store.create<"ServiceRegistration">(entry);
  } catch (error) {
    if (!hasCode(error, STORE_EXISTS)) throw error;
    await store.update<"ServiceRegistration">(entry);
  }
}
