import { readdir } from "node:fs/promises";
import { isSystemError } from "@pharos/base";
import type { LabLayout, WireEnd } from "./layout.ts";
import { run, tryRun } from "./run.ts";

/** Folder in which `ip netns` keeps its namespaces. */
const NETNS_FOLDER = "/run/netns";

/** How the names of all namespaces of a lab begin, so that labs do not meet. */
export function namespacePrefix(lab: string): string {
  return `ph-${lab}`;
}

/** The path of a named network namespace. */
export function namespacePath(name: string): string {
  return `${NETNS_FOLDER}/${name}`;
}

/** Arguments for `nsenter` that run a program in a namespace; /sys and the cgroups stay, unlike with `ip netns exec`. */
export function inNamespace(name: string, command: readonly string[]): readonly string[] {
  return [`--net=${namespacePath(name)}`, "--", ...command];
}

/** Makes a namespace with loopback up. */
export async function addNamespace(name: string): Promise<void> {
  await run("ip", ["netns", "add", name]);
  await run("ip", ["-n", name, "link", "set", "lo", "up"]);
}

/** Removes a namespace and all that is in it; one that is not there is no error. */
export async function removeNamespace(name: string): Promise<void> {
  const { code, stderr } = await tryRun("ip", ["netns", "delete", name]);
  if (code !== 0 && !stderr.includes("No such file")) throw new Error(`cannot remove the namespace ${name}: ${stderr.trim()}`);
}

/** Makes all namespaces, switches and wires of a layout, and sets up the machines without an agent. */
export async function buildMachines(layout: LabLayout): Promise<void> {
  for (const name of [layout.wiring, ...layout.namespaces.values()]) await addNamespace(name);
  for (const name of layout.switches) {
    await run("ip", ["-n", layout.wiring, "link", "add", name, "type", "bridge", "mcast_snooping", "0"]);
    await run("ip", ["-n", layout.wiring, "link", "set", name, "up"]);
  }
  for (const { a, b } of layout.wires) await plug(a, b);
  for (const { namespace, addresses, gateway } of layout.setups) {
    for (const { interface: name, address } of addresses) {
      await run("ip", ["-n", namespace, "address", "add", address, "dev", name]);
      await run("ip", ["-n", namespace, "link", "set", name, "up"]);
    }
    if (gateway !== undefined) await run("ip", ["-n", namespace, "route", "add", "default", "via", gateway]);
  }
}

/** The wire itself is up only at the lab's end: setting the machine's end up is the agent's work. */
async function plug(a: WireEnd, b: WireEnd): Promise<void> {
  await run("ip", ["-n", a.namespace, "link", "add", a.name, "type", "veth", "peer", "name", b.name, "netns", b.namespace]);
  if (b.switch !== undefined) {
    await run("ip", ["-n", b.namespace, "link", "set", b.name, "master", b.switch, "up"]);
  }
}

/** Removes all namespaces of a lab: also those of pods that a command had no time to write down. */
export async function removeMachines(lab: string): Promise<void> {
  const names = await readdir(NETNS_FOLDER).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  });
  for (const name of names.filter((other) => other.startsWith(`${namespacePrefix(lab)}-`))) await removeNamespace(name);
}
