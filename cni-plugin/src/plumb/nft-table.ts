import { spawnSync } from "node:child_process";
import { POD_TABLE, podTableFrame, podTableRules } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import {
  decodeSetElements,
  encodeBatchBegin,
  encodeBatchEnd,
  encodeNftRuleDump,
  encodeSetElementDump,
  nftRulePlaceOf,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_BUSY, PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import { bindLibc } from "../linux/libc.ts";
import { NETLINK_NETFILTER, type NetlinkRequest, NetlinkSocket, type Refusal } from "../linux/netlink-socket.ts";

/** Runtimes call plugins with a short PATH or none. */
const PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin";
const LIMIT_MS = 10_000;

/**
 * One transaction. The socket stays open to the end of the process: closing it after deletions waits for the kernel's readers, and
 * so does deleting links, which comes next; at the end of the process the two waits are one.
 */
export function transact(requests: readonly NetlinkRequest[]): Refusal | undefined {
  return new NetlinkSocket(bindLibc(), NETLINK_NETFILTER).transact(requests, { begin: encodeBatchBegin(), end: encodeBatchEnd() });
}

/** The one child process: once on a host, or after somebody removed the table. Of two at a time both succeed. */
export function makeTable(): void {
  const { status, signal, stderr, error } = spawnSync("nft", ["-f", "-"], {
    input: podTableFrame(),
    encoding: "utf8",
    env: { PATH },
    timeout: LIMIT_MS,
  });
  if (status === 0) return;
  const why = error?.message ?? (signal === null ? stderr.trim().split("\n")[0] : `nft was ended by ${signal}`);
  // Ended by the kernel for want of memory, or by its time limit: it may come to its end the next time.
  throw new PharosError(signal === null ? PLUGIN_KERNEL_REFUSED : PLUGIN_KERNEL_BUSY, `the pods' nft table cannot be made: ${why}`);
}

/** What the pods' table holds in these sets, each element as `elementText` tells it. A set that is not there holds none. */
export function listElements(sets: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return withSocket(
    (socket) =>
      new Map(
        sets.map((set) => {
          const request = { what: `list ${set}`, bytes: encodeSetElementDump({ table: POD_TABLE, set }), tolerate: ["ENOENT"] };
          return [set, socket.dump(request).flatMap(decodeSetElements)];
        }),
      ),
  );
}

/** True when no chain of the table has lost rules. */
export function hasAllRules(): boolean {
  const request = { what: "list the rules of the pods' table", bytes: encodeNftRuleDump(POD_TABLE), tolerate: ["ENOENT"] };
  const rules = withSocket((socket) => socket.dump(request)).map(nftRulePlaceOf);
  return [...podTableRules()].every(
    ([chain, count]) => rules.filter((place) => place?.table === POD_TABLE && place.chain === chain).length === count,
  );
}

function withSocket<T>(work: (socket: NetlinkSocket) => T): T {
  const socket = new NetlinkSocket(bindLibc(), NETLINK_NETFILTER);
  try {
    return work(socket);
  } finally {
    socket.close();
  }
}
