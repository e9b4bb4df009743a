import { attachedPod, type Competitor, programOf, type Work } from "./competitors.ts";
import type { AttachedPod } from "./packets.ts";
import type { Run, Spawner, Started } from "./spawn.ts";
import type { World } from "./worlds.ts";

/** What one ADD or DEL of a pod took, plugin by plugin, ms. */
export interface Call {
  readonly pod: number;
  readonly ms: number;
  readonly cpu: number;
  /** By the plugins' types, in the order of execution. */
  readonly parts: readonly number[];
}

interface Job {
  readonly pod: number;
  readonly verb: "ADD" | "DEL";
  readonly runs: readonly Run[];
}

/** A container runtime of one host that attaches pods by one competitor. It remembers results, as libcni does. */
export class Runtime {
  readonly competitor: Competitor;
  readonly world: World;
  readonly #spawner: Spawner;
  readonly #work: Work;
  readonly #results = new Map<number, unknown>();

  constructor(competitor: Competitor, { world, spawner, work }: { world: World; spawner: Spawner; work: Work }) {
    this.competitor = competitor;
    this.world = world;
    this.#spawner = spawner;
    this.#work = work;
  }

  call(verb: "ADD" | "DEL", pod: number): Call {
    let job: Job = { pod, verb, runs: [] };
    for (let started = this.#next(job); started !== undefined; started = this.#next(job)) {
      job = { ...job, runs: [...job.runs, this.#spawner.finish([started]).run] };
      this.#judge(job);
    }
    return callOf(job);
  }

  /** ADDs of all `pods`, this many at a time. */
  addMany(pods: readonly number[], atATime: number): readonly Call[] {
    const waiting = [...pods];
    const open = new Map<Started, Job>();
    const done: Call[] = [];
    const go = (job: Job) => {
      const started = this.#next(job);
      if (started === undefined) done.push(callOf(job));
      else open.set(started, job);
    };
    while (waiting.length > 0 || open.size > 0) {
      while (open.size < atATime && waiting.length > 0) go({ pod: waiting.shift() ?? 0, verb: "ADD", runs: [] });
      const { which, run } = this.#spawner.finish([...open.keys()]);
      const before = open.get(which);
      open.delete(which);
      if (before === undefined) continue;
      const job = { ...before, runs: [...before.runs, run] };
      this.#judge(job);
      go(job);
    }
    return done;
  }

  /** The pod as its ADD told it. */
  attached(pod: number): AttachedPod {
    return attachedPod(this.world, { pod, result: this.#results.get(pod), work: this.#work });
  }

  /** Starts the plugin that comes next for a job; undefined when all have run. DEL goes through them backwards. */
  #next({ pod, verb, runs }: Job): Started | undefined {
    const plugins = this.competitor.plugins(this.world, this.#work);
    const plugin = (verb === "ADD" ? plugins : plugins.toReversed())[runs.length];
    if (plugin === undefined) return undefined;
    const network = `bench-${this.world.name}`;
    return this.#spawner.start(programOf(plugin, { world: this.world, verb, pod, previous: this.#results.get(pod), network }));
  }

  #judge({ pod, verb, runs }: Job): void {
    const run = runs.at(-1);
    if (run === undefined) return;
    if (run.code !== 0) throw new Error(`${this.competitor.name}: ${verb} of pod ${pod} ended with ${run.code}: ${run.stdout}`);
    if (verb === "ADD") this.#results.set(pod, JSON.parse(run.stdout));
  }
}

function callOf({ pod, runs }: Job): Call {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
  return { pod, ms: sum(({ ms }) => ms), cpu: sum(({ cpu }) => cpu), parts: runs.map(({ ms }) => ms) };
}
