// All that a lab's vehicle consists of, as text, so that a test can say that nothing changed.
import { silentLog, systemClock } from "@pharos/base";
import type { Kind } from "@pharos/kinds";
import type { Store } from "@pharos/store";
import { connectRemoteStore } from "@pharos/store/remote";
import type { VehicleLab } from "../vehicle-lab.ts";

export const HOSTS = ["soc1", "soc2", "vm1", "vm2"] as const;
const DOCUMENTS: readonly Kind[] = ["Node", "Bridge", "RoutingConfig", "SecurityConfig", "ServiceDeployment"];

/** What the kernel of a host carries, without counters and ages, each list sorted. */
export async function kernelOf(lab: VehicleLab, host: string): Promise<string> {
  const commands = [
    ["nft", "-s", "list", "ruleset"],
    ["ip", "-o", "address"],
    ["ip", "-d", "route", "show", "table", "all"],
    ["ip", "-d", "-o", "link"],
    ["ip", "rule"],
  ];
  const shown = await Promise.all(commands.map((command) => lab.exec(host, command)));
  // ip(8) complains in its listing while somebody else's namespace on this machine is being removed.
  const steady = (text: string) =>
    text.replaceAll(/ (?:valid_lft|preferred_lft|expires|\w+_timer) +\S+/g, "").replaceAll("Error: Peer netns reference is invalid.\n", "");
  return shown.map((text) => steady(text).split("\n").sort().join("\n")).join("\n");
}

/** The kernels of all hosts with an agent. */
export function kernelsOf(lab: VehicleLab): Promise<readonly string[]> {
  return Promise.all(HOSTS.map((host) => kernelOf(lab, host)));
}

/** A reader of a lab's store, as an agent reads it. */
export function storeOf(lab: VehicleLab): Store {
  return connectRemoteStore({ address: `unix:${lab.options.folders.socket}`, hostName: "", clock: systemClock, log: silentLog });
}

/** Specs of all documents, as text. */
export async function documentsIn(store: Store): Promise<string> {
  const lists = await Promise.all(DOCUMENTS.map(async (kind) => (await store.list(kind)).items));
  return lists.flatMap((items) => items.map(({ kind, metadata, spec }) => `${kind}/${metadata.name} ${JSON.stringify(spec)}`)).join("\n");
}

/** The point in the store's history, which every write moves on, and the number of the newest revision. */
export async function pointOf(store: Store): Promise<{ readonly resourceVersion: string; readonly revision: number }> {
  const { resourceVersion, items } = await store.list("ConfigRevision");
  return { resourceVersion, revision: Math.max(0, ...items.map(({ spec }) => spec.number)) };
}
