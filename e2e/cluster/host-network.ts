import { readFileSync } from "node:fs";
import type { ClusterNode, Machine } from "@pharos/lab/kubernetes";

const AGENT_TABLE = "table inet pharos\n";
const UPLINKS: readonly string[] = ["lo", "eth0"];

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

/** What the agent makes in a node's kernel, sorted: addresses, routes and its nft table; not whether links have a carrier. */
export function agentNetworkOf(node: ClusterNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { run } = node.machine;
  const addresses = sortedLines(run(["ip", "-4", "-br", "address"])).map((line) => line.replace(/\s+(UP|DOWN|UNKNOWN)\s+/, " "));
  const routes = sortedLines(run(["ip", "-4", "route"])).map((line) => line.replace(" linkdown", ""));
  // After a reboot the table's objects may be listed in another order.
  const rules = node.machine.run(["nft", "list", "tables"]).includes(AGENT_TABLE)
    ? run(["nft", "-s", "list", "table", "inet", "pharos"])
    : "";
  return [...addresses, ...routes, ...sortedLines(rules)];
}

/** That, and what the plugin makes: ports of bridges and the table of host ports. */
export function networkOf(node: ClusterNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { run } = node.machine;
  const links = sortedLines(run(["bridge", "link"])).map((line) =>
    line.replace(/^\d+: (\S+?)[@:].* master (\S+) .*$/, "$1 is a port of $2"),
  );
  return [
    ...agentNetworkOf(node),
    ...links,
    ...ownTables(node.machine).flatMap((table) => sortedLines(run(["nft", "-s", "list", "table", "inet", table]))),
  ];
}

function sortedLines(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").sort();
}

/** The nft tables of agent and plugin; the plugin's exists once a pod asked for something in it. */
function ownTables({ run }: Machine): readonly string[] {
  return [...run(["nft", "list", "tables", "inet"]).matchAll(/^table inet (pharos\w*)$/gm)].flatMap(([, table]) => table ?? []);
}

/** Takes away what a reboot would of Pharos and of pods; the uplink stays, because here the operating system sets it up. */
export function wipeNetwork(node: ClusterNode | undefined): void {
  if (node === undefined) return;
  const { run } = node.machine;
  for (const table of ownTables(node.machine)) run(["nft", "delete", "table", "inet", table]);
  const names = [...run(["ip", "-o", "link"]).matchAll(/^\d+: ([^:@\s]+)/gm)].flatMap(([, name]) => name ?? []);
  for (const name of names) if (!UPLINKS.includes(name)) run(["ip", "link", "delete", name]);
}

/** Processes may end while they are looked at. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
