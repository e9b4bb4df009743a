import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@pharos/base";
import { allocateBlocks, canonicalJson, documentSet, freeze, type Live } from "@pharos/compiler";
import { renderPlan, type Step } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import { type FakeKernel, fakeKernel } from "@pharos/kernel/fake";
import type { Bridge, Node } from "@pharos/kinds";
import { revisionHash } from "@pharos/store";
import { Agent } from "./agent.ts";
import type { AgentStanding } from "./report.ts";
import { RoundCall } from "./round-call.ts";
import { type HashedRevision, SnapshotFolder } from "./snapshot.ts";

/** A vehicle of one SoC whose eth0 has `address`, with one pod bridge per given name. */
export function revision(number: number, what: { address?: string; bridges?: readonly string[]; epoch?: string } = {}): HashedRevision {
  const { address = "10.1.0.2/24", bridges = [], epoch = "first" } = what;
  const eth0 = { name: "eth0", type: "static", address, uplink: false, managed: true, takeover: false } as const;
  const car: Node = {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name: "car" },
    spec: { name: "car", defaultAction: "DROP", enforcement: "enforce", socs: [{ name: "soc1", managed: true, interfaces: [eth0] }] },
  };
  const set = documentSet([car, ...bridges.map(podBridge)]);
  const content = freeze({ documents: set, allocations: allocateBlocks(set, []).value, leases: [] });
  return { epoch, number, hash: revisionHash(canonicalJson(content)), content };
}

function podBridge(name: string, index: number): Bridge {
  const ipam = { type: "host-local", ranges: [{ subnet: `10.2.${index}.0/24` }] } as const;
  const entry = { name, type: "bridge", bridgeFor: "pod", ipMasq: false, isGateway: true, default: index === 0, ipam } as const;
  return { apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: name.toLowerCase() }, spec: { bridges: [entry] } };
}

/** The same revision as a later version might have written it: this one's compile throws. */
export function uncompilable(number: number): HashedRevision {
  const good = revision(number);
  return JSON.parse(JSON.stringify({ ...good, hash: `bad-${number}`, content: { ...good.content, documents: { nodes: [null] } } }));
}

/** soc1: a kernel in memory, a state folder, and an agent that can be started again and again over both. */
export class TestHost {
  readonly folder = mkdtempSync(join(tmpdir(), "pharos-agent-"));
  readonly kernel: FakeKernel;
  readonly standings: AgentStanding[] = [];
  /** Text of every plan that reached the kernel. */
  readonly plans: string[] = [];
  newest: HashedRevision | undefined;
  live: Live | undefined;
  seed: HashedRevision | undefined;
  /** Throws this at each look at the kernel, while set. */
  kernelFault: Error | undefined;
  #wake = new RoundCall(systemClock);
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  /** @param foreign names of links that the administrator made, so that no bridge can be called so. */
  constructor(foreign: readonly string[] = []) {
    this.kernel = fakeKernel({ facts: { interfaces: [{ name: "eth0", up: true, mtu: 1500, addresses: [] }] } });
    this.kernel.disturb((state) => ({ ...state, links: [...state.links, ...foreign.map((name) => ({ kind: "dummy" as const, name }))] }));
  }

  get snapshots(): SnapshotFolder {
    return new SnapshotFolder(this.folder, silentLog);
  }

  start(): void {
    this.#stop = new AbortController();
    this.#wake = new RoundCall(systemClock);
    const agent = new Agent({
      host: "soc1",
      kernel: this.#watchedKernel(),
      snapshots: this.snapshots,
      initial: () => this.seed,
      view: { newestRevision: () => this.newest, live: () => this.live ?? {}, ownPods: () => [] },
      wake: this.#wake,
      clock: systemClock,
      log: silentLog,
      onStanding: (standing) => this.standings.push(standing),
    });
    this.#running = Promise.all([agent.run(this.#stop.signal), this.#listen(this.#wake, this.#stop.signal)]);
  }

  /** The store has another newest revision. */
  publish(newest: HashedRevision | undefined): void {
    this.newest = newest;
    this.#wake.call("revision");
  }

  /** Ends the agent, as a crash would; kernel and folder stay. */
  async halt(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async dispose(): Promise<void> {
    await this.halt();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `State number` as last reported. */
  get standing(): string {
    const last = this.standings.at(-1);
    return `${last?.state} ${last?.running?.number ?? "-"}`;
  }

  /** Waits until a round ends as `standing`, forgets what came before, and answers that round's report. */
  async until(standing: string): Promise<AgentStanding> {
    const end = systemClock.monotonic() + 5000;
    for (;;) {
      const found = this.standings.findIndex((one) => `${one.state} ${one.running?.number ?? "-"}` === standing);
      const [report] = found < 0 ? [] : this.standings.splice(0, found + 1).slice(-1);
      if (report !== undefined) return report;
      if (systemClock.monotonic() > end) throw new Error(`expected ${standing}, seen ${JSON.stringify(this.standings.map(textOf))}`);
      await systemClock.sleep(5);
    }
  }

  /** Names of links and addresses, sorted: `eth0 10.1.0.2/24`. */
  network(): readonly string[] {
    const { links, addresses } = this.kernel.state();
    return [...links.map(({ name }) => name), ...addresses.map(({ link, address }) => `${link} ${address}`)].sort();
  }

  #watchedKernel(): Kernel {
    const { kernel } = this;
    const guarded = <T>(look: () => Promise<T>) => (this.kernelFault === undefined ? look() : Promise.reject(this.kernelFault));
    return {
      observe: (scope) => guarded(() => kernel.observe(scope)),
      facts: () => guarded(() => kernel.facts()),
      links: () => guarded(() => kernel.links()),
      missingElements: (elements) => guarded(() => kernel.missingElements(elements)),
      events: (signal) => kernel.events(signal),
      close: () => kernel.close(),
      apply: (steps: readonly Step[]) => {
        this.plans.push(renderPlan(steps));
        return kernel.apply(steps);
      },
    };
  }

  async #listen(wake: RoundCall, signal: AbortSignal): Promise<void> {
    for await (const _ of this.kernel.events(signal)) wake.call("kernel");
  }
}

const textOf = ({ state, running, message }: AgentStanding) => `${state} ${running?.number ?? "-"}: ${message}`;
