import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { moduleFolder, pinnedModules } from "@pharos/lab/kubernetes";
import type { AttachedPod } from "./packets.ts";
import type { Program } from "./spawn.ts";
import type { World } from "./worlds.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const VERSION = "1.0.0";
const SUBNET = "10.77.0.0/16";
const GATEWAY = "10.77.0.1";
const FIRST_HOST_PORT = 20_000;
const CONTAINER_PORT = 80;
const RATE = 1_000_000_000;
const BURST = 8_000_000;
const BANDWIDTH = { ingressRate: RATE, ingressBurst: BURST, egressRate: RATE, egressBurst: BURST };

/** `whole`: bridge, masquerade, a host port, accept in the firewall, bandwidth both ways. `bare`: bridge and address. */
export type Work = "whole" | "bare";

/** A program and its configuration without `prevResult`. */
interface Plugin {
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Capabilities that the runtime hands to it. */
  readonly capabilities: readonly ("portMappings" | "bandwidth")[];
}

/** One that attaches pods: plugins to be executed one after the other, each with the result of the one before. */
export interface Competitor {
  readonly name: string;
  readonly plugins: (world: World, work: Work) => readonly Plugin[];
}

export const OURS: Competitor = {
  name: "pharos",
  plugins: ({ folder }, work) => [
    {
      path: join(ROOT, "dist/pharos-cni"),
      capabilities: work === "whole" ? ["portMappings", "bandwidth"] : [],
      config: { type: "pharos-cni", stateDir: join(folder, "ledger"), pharos: networkData(work) },
    },
  ],
};

function networkData(work: Work) {
  const range = { subnet: SUBNET, block: SUBNET, rangeStart: "10.77.0.2", rangeEnd: "10.77.255.254", gateway: GATEWAY, exclude: [] };
  const routes = [{ dst: "0.0.0.0/0" }];
  return {
    version: 1,
    defaultBridge: "cni0",
    bridges: [{ name: "cni0", isGateway: true, ipMasq: work === "whole", ranges: [range], routes }],
  };
}

/** Debian's package containernetworking-plugins. */
export const DEBIAN_FOLDER = "/usr/lib/cni";
export const DEBIAN: Competitor = chain("debian", DEBIAN_FOLDER, {});
export const NEWEST_FOLDER = newestFolder();
/** The newest reference plugins by their defaults (iptables). */
export const NEWEST: Competitor = chain("newest", NEWEST_FOLDER, {});
/** The same with nftables where a plugin knows it. */
export const NEWEST_NFT: Competitor = chain("newest-nft", NEWEST_FOLDER, {
  bridge: { ipMasqBackend: "nftables" },
  portmap: { backend: "nftables" },
});

function newestFolder(): string {
  const pinned = pinnedModules().find(({ module }) => module === "github.com/containernetworking/plugins");
  if (pinned === undefined) throw new Error("kube-versions.json pins no reference plugins");
  return moduleFolder(pinned, {
    HOME: homedir(),
    ...(process.env.XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }),
  });
}

interface Backends {
  readonly bridge?: object;
  readonly portmap?: object;
}

function chain(name: string, folder: string, backends: Backends): Competitor {
  return {
    name,
    plugins: (world, work) => {
      const bridge = {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: work === "whole",
        hairpinMode: work === "whole",
        ipam: {
          type: "host-local",
          dataDir: join(world.folder, "host-local"),
          ranges: [[{ subnet: SUBNET }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
        ...(work === "whole" ? backends.bridge : {}),
      };
      const of = (config: { readonly type: string }, ...capabilities: Plugin["capabilities"]): Plugin => ({
        path: join(folder, config.type),
        config,
        capabilities,
      });
      if (work === "bare") return [of(bridge)];
      return [
        of(bridge),
        of({ type: "portmap", ...backends.portmap }, "portMappings"),
        of({ type: "firewall" }),
        of({ type: "bandwidth" }, "bandwidth"),
      ];
    },
  };
}

/** What a runtime does for a pod: which programs it runs, in order, given the results so far. */
export function programOf(
  plugin: Plugin,
  call: { world: World; verb: "ADD" | "DEL"; pod: number; previous: unknown; network: string },
): Program {
  const { world, verb, pod, previous, network } = call;
  const values = { portMappings: [{ hostPort: hostPortOf(pod), containerPort: CONTAINER_PORT, protocol: "tcp" }], bandwidth: BANDWIDTH };
  const runtimeConfig = Object.fromEntries(plugin.capabilities.map((name) => [name, values[name]]));
  const config = {
    cniVersion: VERSION,
    name: network,
    ...plugin.config,
    ...(plugin.capabilities.length === 0 ? {} : { runtimeConfig }),
    ...(previous === undefined ? {} : { prevResult: previous }),
  };
  const env = {
    PATH: "/usr/sbin:/sbin:/usr/bin:/bin",
    CNI_PATH: plugin.path.replace(/\/[^/]*$/, ""),
    CNI_COMMAND: verb,
    CNI_CONTAINERID: `${world.name}-${String(pod).padStart(48, "0")}`,
    CNI_NETNS: world.pods[pod] ?? "",
    CNI_IFNAME: "eth0",
  };
  return { path: plugin.path, env, stdin: JSON.stringify(config), namespace: world.host };
}

function hostPortOf(pod: number): number {
  return FIRST_HOST_PORT + pod;
}

/** The pod that an ADD's last result describes. */
export function attachedPod(world: World, { pod, result, work }: { pod: number; result: unknown; work: Work }): AttachedPod {
  const { ips } = result as { readonly ips: readonly { readonly address: string; readonly gateway: string }[] };
  const [first] = ips;
  const ports = work === "whole" ? { hostPort: hostPortOf(pod), containerPort: CONTAINER_PORT } : {};
  return { namespace: world.pods[pod] ?? "", address: first?.address ?? "", gateway: first?.gateway ?? "", ...ports };
}
