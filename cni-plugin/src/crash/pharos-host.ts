import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PodNetworkData, PodRange } from "@pharos/hoststate";
import { readLedger } from "@pharos/ledger";
import type { ChildEnd } from "./child.ts";
import { CrashHost, type PluginCommand } from "./crash-host.ts";
import { renamed } from "./host-lines.ts";

/** Two bridges, the first with both families, masqueraded by the plugin; the first bridge's IPv4 range as wanted. */
export function crashData(range: PodRange): PodNetworkData {
  return {
    version: 1,
    defaultBridge: "podBr0",
    bridges: [
      {
        name: "podBr0",
        isGateway: true,
        ipMasq: true,
        ranges: [range, rangeOf("fd09::/64", ["fd09::2", "fd09::ffff"], "fd09::1")],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
      {
        name: "canBr0",
        isGateway: true,
        ipMasq: true,
        ranges: [rangeOf("10.8.0.0/16", ["10.8.0.2", "10.8.255.254"], "10.8.0.1")],
        routes: [{ dst: "10.7.0.0/16" }],
      },
    ],
  };
}

/** A range whose block is its whole subnet. */
export function rangeOf(subnet: string, [rangeStart, rangeEnd]: readonly [string, string], gateway: string): PodRange {
  return { subnet, block: subnet, rangeStart, rangeEnd, gateway, exclude: [] };
}

const DATA = crashData(rangeOf("10.9.0.0/24", ["10.9.0.2", "10.9.0.60"], "10.9.0.1"));

const LIMIT = 80_000_000;
/** The pod under test, and one that nothing may happen to. */
export const VICTIM = "victim";
export const BYSTANDER = "other";
const FIRST_HOST_PORT = 7000;
const HOST_PORTS_PER_POD = 10;

/** All that an ADD can be asked for: ports, both limits, both bridges. `place` keeps the pods' ports apart. */
function everything(place: number): object {
  const port = FIRST_HOST_PORT + HOST_PORTS_PER_POD * place;
  return {
    portMappings: [
      { hostPort: port, containerPort: 80, protocol: "tcp" },
      { hostPort: port + 1, containerPort: 53, protocol: "udp" },
    ],
    bandwidth: { ingressRate: LIMIT, ingressBurst: LIMIT, egressRate: LIMIT, egressBurst: LIMIT },
    "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": "podBr0,canBr0" },
  };
}

/** What a test may change of a call. */
export type PharosCall = Partial<Omit<PluginCommand, "program" | "verb">>;

/** The plugin on a host of its own, with a bystander in another network that shares the ledger, the bridges and the nft table. */
export class PharosHost {
  readonly host: CrashHost;
  readonly #plugin: string;
  readonly #pods: readonly string[];
  readonly #data: PodNetworkData;

  constructor(prefix: string, plugin: string, { pods = [VICTIM], data = DATA }: { pods?: readonly string[]; data?: PodNetworkData } = {}) {
    this.#pods = [...pods, BYSTANDER];
    this.host = new CrashHost(prefix, this.#pods);
    this.#plugin = plugin;
    this.#data = data;
  }

  /** The ledger's folder as the plugin is told it. */
  get stateDir(): string {
    return join(this.host.folder, "ledger");
  }

  /** The same folder for this process. */
  get ledgerFolder(): string {
    return this.host.seen(this.stateDir);
  }

  /** The host as if newly installed: nothing in the kernel, and no ledger. */
  renew(): void {
    this.host.reboot();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** A call for a pod. GC is told that the runtime has no pod at all but the bystander, whose network is another. */
  call(verb: string, { pod = VICTIM, config = {}, ...more }: PharosCall = {}): Promise<ChildEnd> {
    const whole = {
      cniVersion: "1.1.0",
      name: pod === BYSTANDER ? "others" : "pods",
      type: "pharos",
      stateDir: this.stateDir,
      pharos: this.#data,
      runtimeConfig: everything(this.#pods.indexOf(pod)),
      ...(verb === "GC" ? { "cni.dev/valid-attachments": [] } : {}),
      ...config,
    };
    return this.host.run({ program: this.#plugin, verb, pod, config: whole, ...more });
  }

  /** A call that must succeed. */
  async must(verb: string, call: PharosCall = {}): Promise<ChildEnd> {
    const end = await this.call(verb, call);
    if (end.code !== 0) throw new Error(`${verb} ${call.pod ?? VICTIM}: code ${end.code}, ${end.signal ?? ""} ${end.stdout}${end.stderr}`);
    return end;
  }

  /** All that can leak or be damaged: the host's kernel, all pods, and the ledger. What the ledger calls a pod's address has a name instead. */
  async lines(): Promise<readonly string[]> {
    const [host, ...pods] = await Promise.all([this.host.hostLines(), ...this.#pods.map((pod) => this.host.podLines(pod))]);
    const entries = readLedger(this.ledgerFolder);
    const held = entries.map(({ key, bridge, hostName, addresses, mac }) =>
      ["held", `${key.network}/${key.containerID}/${key.ifname}`, bridge, hostName, mac, ...addresses].join(" "),
    );
    const names = entries.flatMap(({ key, addresses }) =>
      addresses.map((address, index) => [address.split("/")[0] ?? "", `<${key.containerID} ${key.ifname} ${index}>`] as const),
    );
    return renamed([...host, ...pods.flat(), ...held], new Map(names));
  }

  /** Addresses that two entries of the ledger hold. */
  duplicates(): readonly string[] {
    const all = readLedger(this.ledgerFolder).flatMap(({ addresses }) => addresses);
    return all.filter((address, index) => all.indexOf(address) !== index);
  }
}
