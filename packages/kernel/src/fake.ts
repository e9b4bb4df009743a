import { PharosError } from "@pharos/base";
import {
  applyPlan,
  bySection,
  EMPTY_STATE,
  type HostState,
  type Items,
  keyOf,
  normalize,
  type Scope,
  type SectionName,
  type Step,
  type StepKind,
  type StepOf,
} from "@pharos/hoststate";
import { KERNEL_CODES } from "./codes.ts";
import { checkCreate, checkRoute, checkSet, mustExist } from "./fake/rules.ts";
import type { Kernel, KernelFacts, ObservedLink, Outcome } from "./kernel.ts";
import { EventQueue } from "./linux/event-queue.ts";
import type { SetElement } from "./netlink/set-element-message.ts";
import { applyTransactionToObjects } from "./nft/index.ts";

export interface FakeKernelOptions {
  /** Its interfaces and their addresses are there from the start, and are not ours. */
  readonly facts?: Partial<KernelFacts>;
}

/** A kernel in memory, with the means to be its administrator. */
export interface FakeKernel extends Kernel {
  /** All that is there, ours or not. */
  state(): HostState;
  /** Changes things behind our back, as an administrator would: events tell, marks stay. */
  disturb(change: (state: HostState) => HostState): void;
}

const FACTS: KernelFacts = { interfaces: [], bridgeNetfilter: true, nftables: true, ipv6: true };

const SECTION_OF: { readonly [K in StepKind]: SectionName } = {
  "firewall.apply": "firewall",
  "link.create": "links",
  "link.set": "links",
  "link.delete": "links",
  "sysctl.set": "sysctls",
  "address.add": "addresses",
  "address.delete": "addresses",
  "policy-rule.add": "policyRules",
  "policy-rule.delete": "policyRules",
  "route.replace": "routes",
  "route.delete": "routes",
  "file.write": "files",
  "file.delete": "files",
};

/** What each step leaves marked as ours: the section's key, if any. */
type Marks = { readonly [K in StepKind]?: (step: StepOf<K>) => readonly string[] };

const MARKS: Marks = {
  "link.create": ({ link }) => (link.kind === "physical" ? [] : [link.name, ...(link.kind === "veth" ? [link.peer] : [])]),
  "link.set": ({ link }) => (link.kind === "physical" ? [] : [link.name]),
  "address.add": ({ address }) => [keyOf("addresses", address)],
  "policy-rule.add": ({ rule }) => [keyOf("policyRules", rule)],
  "route.replace": ({ route }) => [keyOf("routes", route)],
};

/** What the kernel refuses. Sections whose steps cannot fail here have no entry. */
type Checks = {
  readonly [K in StepKind]?: (state: HostState, step: StepOf<K>, isOurs: (section: SectionName, key: string) => boolean) => void;
};

const CHECKS: Checks = {
  "link.create": (state, { link }) => checkCreate(state, link),
  "link.set": (state, { link }) => checkSet(state, link),
  "link.delete": (state, { link }, isOurs) => {
    const exists = state.links.some(({ name }) => name === link.name);
    if (exists && !isOurs("links", link.name))
      throw new PharosError(KERNEL_CODES.linkForeign, `${link.name} is not ours, and is not deleted`);
  },
  "address.add": (state, { address }) => void mustExist(state, address.link),
  "route.replace": (state, { route }) => checkRoute(state, route),
};

function initialState(facts: KernelFacts): HostState {
  return normalize({
    ...EMPTY_STATE,
    links: facts.interfaces.map(({ name, mtu, mac, master }) => ({
      kind: "physical",
      name,
      mtu,
      ...(mac === undefined ? {} : { mac }),
      ...(master === undefined ? {} : { master }),
    })),
    addresses: facts.interfaces.flatMap(({ name, addresses }) => addresses.map((address) => ({ link: name, address }))),
  });
}

class InMemoryKernel implements FakeKernel {
  readonly #facts: KernelFacts;
  readonly #queues = new Set<EventQueue>();
  readonly #marks = new Set<string>();
  #state: HostState;

  constructor({ facts = {} }: FakeKernelOptions) {
    this.#facts = { ...FACTS, ...facts };
    this.#state = initialState(this.#facts);
  }

  state(): HostState {
    return this.#state;
  }

  disturb(change: (state: HostState) => HostState): void {
    const before = this.#state;
    this.#state = normalize(change(before));
    this.#tell(before);
  }

  async observe(scope: Scope): Promise<HostState> {
    return bySection<HostState>((section) => this.#visible(section, scope[section]));
  }

  async apply(steps: readonly Step[]): Promise<Outcome> {
    const done: Step[] = [];
    for (const step of steps) {
      try {
        this.#applyOne(step);
        done.push(step);
      } catch (cause) {
        const error = cause instanceof PharosError ? cause : new PharosError(KERNEL_CODES.stepFailed, `${step.kind} failed`, { cause });
        return { done, failed: { step, error } };
      }
    }
    return { done };
  }

  async facts(): Promise<KernelFacts> {
    const { links, addresses } = this.#state;
    const interfaces = links.map((link) => ({
      name: link.name,
      mtu: link.mtu ?? 1500,
      up: link.down === undefined,
      addresses: addresses.filter((address) => address.link === link.name).map(({ address }) => address),
      ...(link.mac === undefined ? {} : { mac: link.mac }),
      ...(typeof link.master === "string" ? { master: link.master } : {}),
    }));
    return { ...this.#facts, interfaces };
  }

  async links(): Promise<readonly ObservedLink[]> {
    return this.#state.links.map(({ name, down, master }) => ({
      name,
      up: down === undefined,
      ...(typeof master === "string" ? { master } : {}),
    }));
  }

  /** It knows no sets of others. */
  async missingElements(elements: readonly SetElement[]): Promise<readonly SetElement[]> {
    return elements;
  }

  async *events(signal: AbortSignal): ReturnType<EventQueue["take"]> {
    const queue = new EventQueue();
    this.#queues.add(queue);
    signal.addEventListener("abort", () => queue.wake(), { once: true });
    try {
      yield* queue.take(signal);
    } finally {
      this.#queues.delete(queue);
    }
  }

  async close(): Promise<void> {}

  #visible<S extends SectionName>(section: S, scope: ReadonlySet<string>): HostState[S] {
    const items = this.#state[section] as readonly Items[S][];
    if (section === "firewall") return this.#state[section];
    return items.filter((item) => scope.has(keyOf(section, item)) || this.#isOurs(section, keyOf(section, item))) as HostState[S];
  }

  #isOurs(section: SectionName, key: string): boolean {
    return this.#marks.has(`${section} ${key}`);
  }

  #applyOne<K extends StepKind>(step: StepOf<K>): void {
    const check: ((state: HostState, step: StepOf<K>, isOurs: (section: SectionName, key: string) => boolean) => void) | undefined =
      CHECKS[step.kind as K];
    check?.(this.#state, step, (section, key) => this.#isOurs(section, key));
    const before = this.#state;
    this.#state = applyPlan(before, [step], applyTransactionToObjects);
    const marks: ((step: StepOf<K>) => readonly string[]) | undefined = MARKS[step.kind as K];
    const section = SECTION_OF[step.kind as K];
    for (const key of marks?.(step) ?? []) this.#marks.add(`${section} ${key}`);
    this.#tell(before);
  }

  /** A mark goes with the thing that carries it; every section that differs is an event. */
  #tell(before: HostState): void {
    const present = new Set<string>();
    const changed = bySection<Record<SectionName, boolean>>((section) => {
      for (const item of this.#state[section] as readonly Items[typeof section][]) present.add(`${section} ${keyOf(section, item)}`);
      return JSON.stringify(before[section]) !== JSON.stringify(this.#state[section]);
    });
    for (const mark of this.#marks) if (!present.has(mark)) this.#marks.delete(mark);
    const sections = (Object.keys(changed) as SectionName[]).filter((section) => changed[section]);
    for (const queue of this.#queues) for (const section of sections) queue.put(section);
  }
}

/** A kernel that obeys the rules of Linux as far as `contract.ts` asks, for tests without root. */
export function fakeKernel(options: FakeKernelOptions = {}): FakeKernel {
  return new InMemoryKernel(options);
}
