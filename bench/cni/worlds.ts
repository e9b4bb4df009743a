import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Prefix of all namespaces of this bench; `ip netns list | grep ^ppe` shows what a killed run left. */
export const PREFIX = "ppe";
const SETTLE_TRIES = 120;
const SETTLE_MS = 250;
/** So many equal counts in a row are taken for the end. */
const CALM_TRIES = 6;

/** A host and the network outside of it: two namespaces with a wire between them. */
export interface World {
  readonly name: string;
  /** Paths of network namespaces. */
  readonly host: string;
  readonly outside: string;
  /** Addresses of the wire's ends. */
  readonly hostAddress: string;
  readonly outsideAddress: string;
  /** Paths of the pods' network namespaces. */
  readonly pods: readonly string[];
  /** For state on disk; on the disk, not in memory, so that fdatasync costs what it costs. */
  readonly folder: string;
}

export function pathOf(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** Makes a world with this many pods, all without links. */
export function makeWorld(name: string, pods: number): World {
  const id = `${PREFIX}${process.pid}-${name}`;
  const names = [`${id}-host`, `${id}-out`, ...[...Array(pods).keys()].map((pod) => `${id}-p${pod}`)];
  batch(
    [],
    names.map((one) => `netns add ${one}`),
  );
  batch(
    ["-n", `${id}-host`],
    ["link set lo up", `link add up0 type veth peer name down0 netns ${id}-out`, "addr add 192.0.2.1/24 dev up0", "link set up0 up"],
  );
  batch(["-n", `${id}-out`], ["link set lo up", "addr add 192.0.2.2/24 dev down0", "link set down0 up"]);
  const [host = "", outside = "", ...rest] = names.map(pathOf);
  const folder = mkdtempSync(join("/var/tmp", `${id}-`));
  return { name, host, outside, hostAddress: "192.0.2.1", outsideAddress: "192.0.2.2", pods: rest, folder };
}

/** Removes worlds and waits until the kernel has taken their namespaces down: that work would disturb what is measured next. */
export function removeWorlds(worlds: readonly World[]): void {
  const names = worlds.flatMap(({ host, outside, pods }) => [...pods, host, outside]).map((path) => path.replace(/.*\//, ""));
  batch(
    [],
    names.map((one) => `netns del ${one}`),
  );
  for (const { folder } of worlds) rmSync(folder, { recursive: true, force: true });
  let calm = 0;
  let last = namespacesInKernel();
  for (let tries = 0; tries < SETTLE_TRIES && calm < CALM_TRIES; tries++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    const now = namespacesInKernel();
    calm = now === last ? calm + 1 : 0;
    last = now;
  }
}

/** Network namespaces that the kernel holds, also those that are being taken down; 0 where it does not tell. */
function namespacesInKernel(): number {
  try {
    return Number(/^net_namespace\s+(\d+)/m.exec(readFileSync("/proc/slabinfo", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function batch(options: readonly string[], lines: readonly string[]): void {
  execFileSync("ip", [...options, "-batch", "-"], { input: `${lines.join("\n")}\n`, stdio: ["pipe", "ignore", "inherit"] });
}
