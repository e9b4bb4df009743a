// `make cluster`: a two-node Kubernetes with Pharos, which stays until `make cluster-down`.
//   up [NAME]     starts it and prints KUBECONFIG=...
//   down [NAME]   stops it and removes all that it had
//   keep NAME     what `up` leaves running: the cluster's programs end with it
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@pharos/base";
import { removeCluster } from "@pharos/lab/kubernetes";
import { clusterFolder, startPharosCluster } from "./pharos-cluster.ts";

const POLL_MS = 200;
const UP_MS = 600_000;
const DOWN_MS = 60_000;

/** What `up` and `down` know of a kept cluster. */
interface KeptCluster {
  readonly pid: number;
  /** Start of the process in clock ticks since boot: another process may have the pid by now. */
  readonly started: string;
  readonly kubeconfig?: string;
}

function stateFile(name: string): string {
  return join(tmpdir(), `pharos-cluster-${name}.json`);
}

function logFile(name: string): string {
  return `${stateFile(name)}.log`;
}

function readKept(name: string): KeptCluster | undefined {
  const file = stateFile(name);
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, "utf8")) as KeptCluster;
  return startOf(kept.pid) === kept.started ? kept : undefined;
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

async function up(name: string): Promise<void> {
  if (readKept(name) !== undefined) throw new Error(`a cluster ${name} is up: make cluster-down`);
  const log = logFile(name);
  rmSync(stateFile(name), { force: true });
  const out = openSync(log, "w");
  const keeper = spawn(process.execPath, [import.meta.filename, "keep", name], { detached: true, stdio: ["ignore", out, out] });
  closeSync(out);
  let shown = 0;
  const end = systemClock.monotonic() + UP_MS;
  while (keeper.exitCode === null && systemClock.monotonic() < end) {
    await systemClock.sleep(POLL_MS);
    const text = readFileSync(log, "utf8");
    process.stdout.write(text.slice(shown));
    shown = text.length;
    const kubeconfig = readKept(name)?.kubeconfig;
    if (kubeconfig === undefined) continue;
    keeper.unref();
    process.stdout.write(`KUBECONFIG=${kubeconfig}\n`);
    return;
  }
  throw new Error(`the cluster did not come up: read ${log}`);
}

async function down(name: string): Promise<void> {
  const kept = readKept(name);
  if (kept !== undefined) process.kill(kept.pid, "SIGTERM");
  const end = systemClock.monotonic() + DOWN_MS;
  while (kept !== undefined && readKept(name) !== undefined) {
    if (systemClock.monotonic() > end) process.kill(kept.pid, "SIGKILL");
    await systemClock.sleep(POLL_MS);
  }
  await removeCluster(name, clusterFolder(name));
  for (const file of [stateFile(name), logFile(name)]) rmSync(file, { force: true });
}

async function keep(name: string): Promise<void> {
  const since = systemClock.monotonic();
  const onProgress = (line: string) => {
    process.stdout.write(`cluster: ${((systemClock.monotonic() - since) / 1000).toFixed(1)} s ${line}\n`);
  };
  const self = { pid: process.pid, started: startOf(process.pid) ?? "" };
  writeFileSync(stateFile(name), JSON.stringify(self));
  const cluster = await startPharosCluster({ name, env: process.env, onProgress });
  writeFileSync(stateFile(name), JSON.stringify({ ...self, kubeconfig: cluster.api.kubeconfig }));
  // Timers keep the process alive; the signal ends it.
  const alive = setInterval(() => {}, UP_MS);
  process.once("SIGTERM", () => {
    clearInterval(alive);
    void cluster.stop().then(() => process.exit(0));
  });
}

const [verb = "", name = "pharos"] = process.argv.slice(2);
const verbs: Readonly<Record<string, (name: string) => Promise<void>>> = { up, down, keep };
const chosen = verbs[verb];
if (chosen === undefined || !/^[a-z][a-z0-9]{0,7}$/.test(name)) {
  process.stderr.write("usage: main.ts up|down [NAME], a name of at most 8 lower-case letters and digits\n");
  process.exit(2);
}
await chosen(name).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
