// The reference plugins (containernetworking, Debian's 1.1.1) as a chain that does what the CNI plugin of Pharos does, run as libcni runs it:
// one plugin after the other, each with the result of the one before; a DEL in the other order, with the result of the ADD where that
// came to its end.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Aftermath,
  type ChildEnd,
  CrashHost,
  differencesOf,
  type KillOutcome,
  type KillRun,
  killedAt,
  splitAt,
  type TracedCall,
  type TraceParts,
  tracedCalls,
} from "@pharos/cni-plugin/crash";

/** Where Debian's package puts them. */
export const PLUGIN_FOLDER = "/usr/lib/cni";
const STAGES = ["bridge", "portmap", "firewall", "bandwidth"] as const;
/** `host-local` is a child of `bridge`, and killed as any other. */
type Program = (typeof STAGES)[number] | "host-local";
const VICTIM = "victim";
const BYSTANDER = "other";
const LIMIT = 80_000_000;

/** A system call of one of the chain's programs. */
export interface ChainCall extends TracedCall {
  readonly program: Program;
}

/** A way to run one of the programs: by strace. */
interface Wrapped {
  readonly program: Program;
  readonly through: readonly string[];
}

/** A host on which the chain is killed again and again. */
export class ReferenceBench {
  readonly #host: CrashHost;
  readonly #results = new Map<string, unknown>();
  #detached: readonly string[] = [];

  constructor(prefix: string) {
    this.#host = new CrashHost(prefix, [VICTIM, BYSTANDER]);
  }

  async start(): Promise<void> {
    await this.#host.start();
    await this.#attachBystander();
  }

  remove(): void {
    this.#host.remove();
  }

  /** The system calls of the main threads of all programs of one undisturbed run. */
  async trace(verb: "ADD" | "DEL"): Promise<TraceParts<ChainCall>> {
    const parts: TraceParts<ChainCall>[] = [];
    for (const program of [...STAGES, "host-local"] as const) {
      if (verb === "DEL") await this.#must("ADD");
      const file = join(this.#host.folder, "trace");
      await this.#must(verb, { program, through: ["strace", "-qq", "-o", file] });
      if (verb === "ADD") await this.#must("DEL");
      const { start, own } = splitAt(tracedCalls(readFileSync(file, "utf8")), /NETLINK|netns|\/ipam\/|iptables/);
      const named = (calls: readonly TracedCall[]) => calls.map((call) => ({ ...call, program }));
      parts.push({ start: named(start), own: named(own) });
    }
    return { start: parts.flatMap(({ start }) => start), own: parts.flatMap(({ own }) => own) };
  }

  async run(verb: "ADD" | "DEL", { call, aftermath }: KillRun<Aftermath, ChainCall>): Promise<KillOutcome> {
    if (verb === "DEL") await this.#must("ADD");
    const end = await this.#verb(verb, VICTIM, { program: call.program, through: killedAt(call) });
    const killed = end.signal === "SIGKILL" || (call.program === "host-local" && end.code !== 0);
    const faults = await this.#aftermath(verb, aftermath);
    if (faults.length > 0) await this.#anew();
    return { killed, faults };
  }

  async #aftermath(verb: "ADD" | "DEL", aftermath: Aftermath): Promise<readonly string[]> {
    if (aftermath === "reboot") {
      this.#host.reboot();
      this.#results.clear();
      // No verb of theirs is there for this; what a boot leaves is what the disk holds.
      const held = this.#held().map((line) => `next boot: left over: ${line}`);
      rmSync(this.#ipam, { recursive: true, force: true });
      await this.#attachBystander();
      return held;
    }
    const faults: string[] = [];
    // libcni's GC is a DEL of every attachment whose ADD came to its end.
    if (aftermath === "GC" && this.#results.has(VICTIM)) await this.#verb("DEL", VICTIM);
    if (aftermath === "retry" && verb === "ADD") {
      const again = await this.#verb("ADD", VICTIM);
      if (again.code !== 0) faults.push(`ADD again: refused: ${again.stdout}`);
    }
    if (aftermath !== "GC") await this.#verb("DEL", VICTIM);
    const { added, lost } = differencesOf(this.#detached, await this.#lines());
    return [...faults, ...added.map((line) => `${aftermath}: left over: ${line}`), ...lost.map((line) => `${aftermath}: missing: ${line}`)];
  }

  /** An empty host, as if newly installed, with the bystander. */
  async #anew(): Promise<void> {
    this.#host.reboot();
    this.#results.clear();
    rmSync(this.#ipam, { recursive: true, force: true });
    await this.#attachBystander();
  }

  async #attachBystander(): Promise<void> {
    const end = await this.#verb("ADD", BYSTANDER);
    if (end.code !== 0) throw new Error(`the bystander cannot be attached: ${end.stdout}${end.stderr}`);
    // A first pod leaves what is made once: chains, and the bridge.
    await this.#must("ADD");
    await this.#must("DEL");
    this.#detached = await this.#lines();
  }

  async #must(verb: "ADD" | "DEL", wrapped?: Wrapped): Promise<void> {
    const end = await this.#verb(verb, VICTIM, wrapped);
    if (end.code !== 0) throw new Error(`${verb}: ${end.stdout}${end.stderr}`);
  }

  /** The whole chain; ends with the first plugin that fails, as libcni does. */
  async #verb(verb: "ADD" | "DEL", pod: string, wrapped?: Wrapped): Promise<ChildEnd> {
    this.#placeHostLocal(wrapped);
    let previous = this.#results.get(pod);
    let last: ChildEnd = { code: 0, signal: null, stdout: "", stderr: "" };
    for (const stage of verb === "ADD" ? STAGES : [...STAGES].reverse()) {
      const config = { ...this.#config(stage, pod), ...(previous === undefined ? {} : { prevResult: previous }) };
      const through = wrapped?.program === stage ? wrapped.through : [];
      const env = { CNI_PATH: this.#pluginPath, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
      last = await this.#host.run({ program: join(PLUGIN_FOLDER, stage), verb, pod, config, env, through });
      if (last.code !== 0) return last;
      if (verb === "ADD") previous = JSON.parse(last.stdout);
    }
    if (verb === "ADD") this.#results.set(pod, previous);
    else this.#results.delete(pod);
    return last;
  }

  get #ipam(): string {
    return join(this.#host.folder, "ipam");
  }

  get #pluginPath(): string {
    return join(this.#host.folder, "bin");
  }

  /** `bridge` finds its `host-local` here: the program itself, or one that runs it by strace. */
  #placeHostLocal(wrapped: Wrapped | undefined): void {
    const path = join(this.#pluginPath, "host-local");
    const program = join(PLUGIN_FOLDER, "host-local");
    mkdirSync(this.#pluginPath, { recursive: true });
    rmSync(path, { force: true });
    if (wrapped?.program === "host-local")
      writeFileSync(path, `#!/bin/sh\nexec ${wrapped.through.join(" ")} ${program}\n`, { mode: 0o755 });
    else symlinkSync(program, path);
  }

  #config(stage: (typeof STAGES)[number], pod: string): object {
    const common = { cniVersion: "1.0.0", name: "pods", type: stage };
    const port = pod === VICTIM ? 7000 : 7010;
    switch (stage) {
      case "bridge":
        return {
          ...common,
          bridge: "podBr0",
          isGateway: true,
          ipMasq: true,
          hairpinMode: true,
          ipam: {
            type: "host-local",
            dataDir: this.#ipam,
            ranges: [[{ subnet: "10.9.0.0/24", gateway: "10.9.0.1" }], [{ subnet: "fd09::/64", gateway: "fd09::1" }]],
            routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
          },
        };
      case "portmap":
        return {
          ...common,
          capabilities: { portMappings: true },
          runtimeConfig: {
            portMappings: [
              { hostPort: port, containerPort: 80, protocol: "tcp" },
              { hostPort: port + 1, containerPort: 53, protocol: "udp" },
            ],
          },
        };
      case "firewall":
        return { ...common, backend: "iptables" };
      case "bandwidth":
        return { ...common, ingressRate: LIMIT, ingressBurst: LIMIT, egressRate: LIMIT, egressBurst: LIMIT };
    }
  }

  async #lines(): Promise<readonly string[]> {
    const [host, ...pods] = await Promise.all([this.#host.hostLines(), this.#host.podLines(VICTIM), this.#host.podLines(BYSTANDER)]);
    return [...host, ...pods.flat(), ...this.#held()];
  }

  /** The addresses that host-local has given out: a file each. */
  #held(): readonly string[] {
    const folder = join(this.#ipam, "pods");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => /^[0-9a-f]+[.:]/.test(name))
      .map((name) => `held ${name}`);
  }
}
