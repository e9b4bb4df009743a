import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, type Program, startApiWithKinds, startProgram } from "@pharos/lab/kubernetes";
import { TestNode } from "@pharos/node-agent/test-node";
import { parse } from "yaml";
import { auditArguments } from "./api-writes.ts";
import { coreNode } from "./vehicle.ts";

const BUNDLE = join(import.meta.dirname, "../../dist/pharos.mjs");
const NAMESPACE = "pharos-system";
const NODE = "n1";
const READY_WITHIN_MS = 120_000;

/** Names of the daemons, who are users of the API server under these names. */
export const DAEMONS = ["operator", "bridge", "agent"] as const;
export type Daemon = (typeof DAEMONS)[number];

/** A real API server and one of each daemon as real processes, the agent in a network namespace of its own. */
export interface Machine {
  readonly api: ApiWithKinds;
  readonly node: TestNode;
  /** Takes the audit log. */
  readonly folder: string;
  pid(daemon: Daemon): number;
  /** Starts all daemons; resolves when they are ready. */
  start(): Promise<void>;
  stopDaemons(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMachine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-bench-"));
  const api = await startApiWithKinds(process.env, { args: auditArguments(folder) });
  api.kubectl(["create", "namespace", NAMESPACE]);
  api.kubectl(["create", "-f", "-"], JSON.stringify(coreNode(NODE)));
  const kubeconfig = withoutYaml(await api.writeKubeconfig("agent", ["system:masters"]));
  const node = new TestNode({ name: NODE, prefix: `phbk${process.pid}`, folder, kubeconfig, apiPort: Number(new URL(api.url).port) });
  node.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire0"]);
  for (const link of ["eth0", "wire0"]) node.run(["ip", "link", "set", link, "up"]);
  node.run(["ip", "address", "add", "10.77.0.1/24", "dev", "eth0"]);
  const running = new Map<Daemon, Program>();
  const outside = async (daemon: Daemon, more: readonly string[]) => {
    const health = `127.0.0.1:${await freePort()}`;
    const user = ["--namespace", NAMESPACE, "--kubeconfig", await api.writeKubeconfig(daemon, ["system:masters"]), "--health", health];
    const program = startProgram({
      command: [process.execPath, BUNDLE, daemon, ...user, ...more],
      log: join(folder, `${daemon}.log`),
      env: plainEnv(),
    });
    running.set(daemon, program);
    await until(
      `${daemon} ready`,
      async () => (await fetch(`http://${health}/readyz`)).ok,
      () => program.isRunning(),
    );
  };
  const stopDaemons = async () => {
    await Promise.all([node.stopAgent(), ...[...running.values()].map((program) => program.stop())]);
  };
  return {
    api,
    node,
    folder,
    pid: (daemon) => (daemon === "agent" ? node.pid : (running.get(daemon)?.pid ?? -1)),
    start: async () => {
      node.startAgent("--health", "127.0.0.1:9443");
      await outside("operator", []);
      const listen = ["--listen", `127.0.0.1:${await freePort()}`, "--socket", join(folder, "pharos.sock")];
      await outside("bridge", ["--data-dir", join(folder, "bridge"), ...listen]);
      await until("agent ready", async () => node.run(["curl", "-sf", "http://127.0.0.1:9443/readyz"]) !== "");
    },
    stopDaemons,
    stop: async () => {
      await stopDaemons();
      await node.remove();
      await api.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An agent in a pod reads no YAML, and this one is measured for it. */
function withoutYaml(path: string): string {
  const text = JSON.stringify(parse(readFileSync(path, "utf8")));
  const written = `${path}.json`;
  writeFileSync(written, text, { mode: 0o600 });
  return written;
}

/** What Node is told by tests' tools is no business of the daemons. */
function plainEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH };
}

/** Waits until `holds`, as long as it can still come about; an error counts as no. */
export async function until(what: string, holds: () => Promise<boolean>, isPossible = () => true): Promise<void> {
  const end = systemClock.monotonic() + READY_WITHIN_MS;
  while (!(await holds().catch(() => false))) {
    if (systemClock.monotonic() > end || !isPossible()) throw new Error(`${what}: it did not come about`);
    await systemClock.sleep(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
