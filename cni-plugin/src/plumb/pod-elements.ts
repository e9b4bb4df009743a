import { spawnSync } from "node:child_process";
import { type PodTraffic, podElements, podTableFrame } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { encodeBatchBegin, encodeBatchEnd, encodeSetElementAdd, encodeSetElementDelete } from "@pharos/kernel/netlink";
import type { LedgerEntry } from "@pharos/ledger";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import { currentBootId } from "../commands/boot-id.ts";
import { bindLibc } from "../linux/libc.ts";
import { NETLINK_NETFILTER, type NetlinkRequest, NetlinkSocket, type Refusal } from "../linux/netlink-socket.ts";

type Element = ReturnType<typeof podElements>[number];

/** Runtimes call plugins with a short PATH or none. */
const PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin";
const LIMIT_MS = 10_000;
/** The key is there with other data; which of the two the kernel says depends on its version. */
const BELONGS_TO_ANOTHER: readonly string[] = ["EEXIST", "EBUSY"];
const MISSING = "ENOENT";

/** Makes ports of the host lead to the pod, and its flows masqueraded, where it asks for that. Elements that are there stay. */
export function addPodElements(traffic: PodTraffic): void {
  const elements = podElements(traffic);
  if (elements.length === 0) return;
  const requests = elements.map(added);
  let refusal = transact(requests);
  if (refusal?.error === MISSING) {
    makeTable();
    refusal = transact(requests);
  }
  if (refusal !== undefined) throw refused(refusal);
}

/**
 * Ends that. What an earlier boot made is gone already, and so is what a removed table held. A key that leads to another pod by
 * now is left to it; any other failure is an error, so that the runtime asks again.
 */
export function removePodElements(entry: LedgerEntry): void {
  const elements = entry.bootId === currentBootId() ? podElements(entry) : [];
  if (elements.length === 0) return;
  const whole = transact(elements.flatMap(addedAndDeleted));
  if (whole === undefined || whole.error === MISSING) return;
  const single = elements.map((element) => transact(addedAndDeleted(element)));
  const failure = single.find((one) => one !== undefined && one.error !== MISSING && !BELONGS_TO_ANOTHER.includes(one.error));
  if (failure !== undefined) throw refused(failure);
}

function added(element: Element): NetlinkRequest {
  return { what: `add an element to ${element.set}`, bytes: encodeSetElementAdd(element) };
}

/** Deleting what is not there stops a transaction, and adding what is there does not: so it is added before. */
function addedAndDeleted(element: Element): readonly NetlinkRequest[] {
  return [added(element), { what: `delete an element of ${element.set}`, bytes: encodeSetElementDelete(element) }];
}

/**
 * One transaction. The socket stays open to the end of the process: closing it after deletions waits for the kernel's readers, and
 * so does deleting links, which comes next; at the end of the process the two waits are one.
 */
function transact(requests: readonly NetlinkRequest[]): Refusal | undefined {
  return new NetlinkSocket(bindLibc(), NETLINK_NETFILTER).transact(requests, { begin: encodeBatchBegin(), end: encodeBatchEnd() });
}

/** The one child process: once on a host, or after somebody removed the table. Of two at a time both succeed. */
function makeTable(): void {
  const { status, stderr, error } = spawnSync("nft", ["-f", "-"], {
    input: podTableFrame(),
    encoding: "utf8",
    env: { PATH },
    timeout: LIMIT_MS,
  });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split("\n")[0];
  throw new PharosError(PLUGIN_KERNEL_REFUSED, `the pods' nft table cannot be made: ${why}`);
}

function refused({ error, what }: Refusal): PharosError {
  return new PharosError(PLUGIN_KERNEL_REFUSED, `${what} of the pods' nft table: ${error}`);
}
