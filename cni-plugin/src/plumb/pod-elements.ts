import { POD_TABLE, type PodTraffic, podElements, podTableSets } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { bytesOf, parsePrefix } from "@pharos/hoststate";
import { elementText, encodeListedElementDelete, encodeSetElementAdd, encodeSetElementDelete } from "@pharos/kernel/netlink";
import type { LedgerEntry } from "@pharos/ledger";
import { currentBootId } from "../commands/boot-id.ts";
import { kernelCodeOf, type NetlinkRequest, type Refusal } from "../linux/netlink-socket.ts";
import { hasAllRules, listElements, makeTable, transact } from "./nft-table.ts";

type Element = ReturnType<typeof podElements>[number];

/** The key is there with other data; which of the two the kernel says depends on its version. */
const BELONGS_TO_ANOTHER: readonly string[] = ["EEXIST", "EBUSY"];
const MISSING = "ENOENT";
/** The answers to more requests could overrun the socket's queue. */
const BATCH = 64;
const SWEEPS = 3;

/** Makes ports of the host lead to the pods, and their flows masqueraded, where they ask for that. Elements that are there stay. */
export function addPodElements(traffic: readonly PodTraffic[]): void {
  const elements = traffic.flatMap(podElements);
  if (elements.length === 0) return;
  const requests = elements.map(added);
  let refusal = transact(requests);
  if (refusal?.error === MISSING) {
    makeTable();
    refusal = transact(requests);
  }
  if (refusal !== undefined) throw refused(refusal);
}

/** The same for pods that run already: rules that somebody flushed come back too. */
export function mendPodElements(traffic: readonly PodTraffic[]): void {
  if (traffic.flatMap(podElements).length === 0) return;
  if (!hasAllRules()) makeTable();
  addPodElements(traffic);
}

/** What of that is missing, in words. */
export function elementFaults(traffic: readonly PodTraffic[]): readonly string[] {
  const elements = traffic.flatMap(podElements);
  if (elements.length === 0) return [];
  const listed = listElements([...new Set(elements.map(({ set }) => set))]);
  const missing = elements.filter((element) => !listed.get(element.set)?.includes(elementText(element)));
  return [
    ...(hasAllRules() ? [] : ["the pods' nft table has lost rules"]),
    ...new Set(missing.map(({ set }) => `an element of ${set} in the pods' nft table is missing`)),
  ];
}

/**
 * Ends that. What an earlier boot made is gone already, and so is what a removed table held. A key that leads to another pod by
 * now is left to it; any other failure is an error, so that the runtime asks again.
 */
export function removePodElements(entries: readonly LedgerEntry[]): void {
  const bootId = currentBootId();
  const elements = entries.filter((entry) => entry.bootId === bootId).flatMap(podElements);
  if (elements.length === 0) return;
  const whole = transact(elements.flatMap(addedAndDeleted));
  if (whole === undefined || whole.error === MISSING) return;
  const single = elements.map((element) => transact(addedAndDeleted(element)));
  const failure = single.find((one) => one !== undefined && one.error !== MISSING && !BELONGS_TO_ANOTHER.includes(one.error));
  if (failure !== undefined) throw refused(failure);
}

/**
 * Removes all elements that belong to none of `kept`, except where they name an address of `survivors`: of a pod that stands, but that
 * another ledger knows. Somebody who removes one at the same time makes it look again.
 */
export function sweepPodElements(kept: readonly PodTraffic[], survivors: readonly string[]): void {
  const wanted = new Set(kept.flatMap(podElements).map((element) => `${element.set} ${elementText(element)}`));
  const ownAddresses = new Set(kept.flatMap(({ addresses }) => addresses));
  const spared = survivors.filter((address) => !ownAddresses.has(address)).map(addressHex);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const requests = [...listElements(podTableSets())].flatMap(([set, listed]) =>
      listed
        .filter((text) => !wanted.has(`${set} ${text}`) && !spared.some((hex) => text.includes(hex)))
        .map((text) => ({ what: `delete an element of ${set}`, bytes: encodeListedElementDelete({ table: POD_TABLE, set }, text) })),
    );
    const refusals = batchesOf(requests)
      .map(transact)
      .filter((refusal) => refusal !== undefined);
    const failure = refusals.find(({ error }) => error !== MISSING);
    if (failure !== undefined) throw refused(failure);
    if (refusals.length === 0) return;
  }
}

function addressHex(text: string): string {
  const ip = parsePrefix(text)?.ip;
  return ip === undefined ? text : Buffer.from(bytesOf(ip)).toString("hex");
}

function batchesOf(requests: readonly NetlinkRequest[]): (readonly NetlinkRequest[])[] {
  const count = Math.ceil(requests.length / BATCH);
  return Array.from({ length: count }, (_, index) => requests.slice(index * BATCH, (index + 1) * BATCH));
}

function added(element: Element): NetlinkRequest {
  return { what: `add an element to ${element.set}`, bytes: encodeSetElementAdd(element) };
}

/** Deleting what is not there stops a transaction, and adding what is there does not: so it is added before. */
function addedAndDeleted(element: Element): readonly NetlinkRequest[] {
  return [added(element), { what: `delete an element of ${element.set}`, bytes: encodeSetElementDelete(element) }];
}

function refused({ error, what }: Refusal): PharosError {
  return new PharosError(kernelCodeOf(error), `${what} of the pods' nft table: ${error}`);
}
