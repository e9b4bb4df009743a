import { readFileSync } from "node:fs";
import type { ClusterNode, Machine } from "@pharos/lab/kubernetes";

/** Process of the agent in its pod; undefined when none runs. */
export function agentProcess(node: ClusterNode | undefined): number | undefined {
  const pids = (node?.machine.groups() ?? []).flatMap(({ pids }) => pids);
  return pids.find((pid) => /pharos[^\0]*\0agent\0/.test(commandLine(pid)));
}

/** Ends the agent without a chance to put anything away. */
export function killAgent(node: ClusterNode | undefined): void {
  const pid = agentProcess(node);
  if (pid === undefined) throw new Error(`no agent runs on ${node?.name}`);
  process.kill(pid, "SIGKILL");
}

/** What the agent is responsible for in a node's kernel, sorted: addresses, routes, ports of bridges, and its own nft tables. */
export function networkOf(node: ClusterNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { run } = node.machine;
  const links = run(["bridge", "link"])
    .split("\n")
    .map((line) => line.replace(/^\d+: (\S+?)[@:].* master (\S+) .*$/, "$1 is a port of $2"));
  const tables = ownTables(node.machine).flatMap((table) => run(["nft", "-s", "list", "table", "inet", table]).split("\n"));
  const addresses = run(["ip", "-4", "-br", "address"]).split("\n");
  return [...addresses, ...run(["ip", "-4", "route"]).split("\n"), ...links, ...tables]
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort();
}

/** The nft tables of agent and plugin; the plugin's exists once a pod asked for something in it. */
function ownTables({ run }: Machine): readonly string[] {
  return [...run(["nft", "list", "tables", "inet"]).matchAll(/^table inet (pharos\w*)$/gm)].flatMap(([, table]) => table ?? []);
}

/** Takes away what a reboot would of Pharos' network, the uplink excepted: that is the operating system's here. */
export function wipeNetwork(node: ClusterNode | undefined): void {
  if (node === undefined) return;
  const { run } = node.machine;
  for (const table of ownTables(node.machine)) run(["nft", "delete", "table", "inet", table]);
  for (const bridge of ["podBr0", "pharos0"]) run(["ip", "link", "delete", bridge]);
}

/** Processes may end while they are looked at. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
