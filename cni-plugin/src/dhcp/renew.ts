import type { RenewedLease } from "@pharos/attach";
import { describeError } from "@pharos/base/errors";
import { type Client, leaseTimes, rebind, renew } from "@pharos/dhcp";
import { type AttachmentLedger, type EntryLease, type LedgerEntry, readLedger, withAttachment } from "@pharos/ledger";
import { currentBootId } from "../commands/boot-id.ts";
import { type CommandContext, withSides } from "../commands/context.ts";
import { bootTime, carryOut, type Exchange } from "./exchange.ts";
import { entryLease, holderOf, leaseOfEntry } from "./lease-entry.ts";
import { loseAddress } from "./lose.ts";
import { PacketSocket } from "./packet-socket.ts";
import { openPodLink, type PodLink } from "./pod-socket.ts";
import { releaseLeases } from "./release.ts";

/** How long the servers are asked in one call; the agent calls again. */
const TOTAL_MS = 3000;

type Outcome = Pick<RenewedLease, "outcome" | "message">;

interface DueLease {
  readonly entry: LedgerEntry;
  readonly lease: EntryLease;
  readonly link: PodLink;
  readonly isOver: boolean;
}

/**
 * RENEW, which is not CNI's: the agent calls it when a lease is due. Prolongs all that are, at a time, and takes the address from pods
 * whose lease is over. No lock is held while servers are asked: what changed meanwhile is left alone.
 */
export function renewLeases({ config }: CommandContext): { readonly leases: readonly RenewedLease[] } {
  const bootId = currentBootId();
  const now = bootTime();
  const due = readLedger(config.stateDir).filter(({ bootId: boot, lease }) => boot === bootId && lease !== undefined && isDue(lease, now));
  const gone: RenewedLease[] = [];
  const open: DueLease[] = [];
  try {
    for (const entry of due) {
      const link = openPodLink(entry);
      if (link === undefined || entry.lease === undefined)
        gone.push(
          told(entry, {
            outcome: "gone",
            message: `${entry.key.ifname} cannot be reached at ${entry.netns ?? "a namespace of unknown path"}`,
          }),
        );
      else open.push({ entry, lease: entry.lease, link, isOver: now >= leaseTimes(entry.lease).endMs });
    }
    const over = open.filter(({ isOver }) => isOver);
    const running = open.filter(({ isOver }) => !isOver);
    return {
      leases: [
        ...gone,
        ...over.map((one) => told(one.entry, lost(config.stateDir, one, "nobody prolonged it"))),
        ...prolong(config.stateDir, running, now),
      ],
    };
  } finally {
    for (const { link } of open) link.namespace.close();
  }
}

function isDue(lease: EntryLease, now: number): boolean {
  return lease.isOver !== true && now >= leaseTimes(lease).renewMs;
}

function told({ key, lease }: LedgerEntry, outcome: Outcome): RenewedLease {
  return { containerID: key.containerID, ifname: key.ifname, address: lease?.address ?? "", ...outcome };
}

/** Asks for all at a time. */
function prolong(folder: string, due: readonly DueLease[], now: number): readonly RenewedLease[] {
  const asking: { readonly one: DueLease; readonly exchange: Exchange }[] = [];
  const failed: RenewedLease[] = [];
  try {
    for (const one of due) {
      try {
        asking.push({ one, exchange: exchangeOf(one, now) });
      } catch (error) {
        failed.push(told(one.entry, failure(error)));
      }
    }
    const clients = carryOut(asking.map(({ exchange }) => exchange));
    return [...failed, ...asking.map(({ one }, index) => told(one.entry, settled(folder, one, clients[index])))];
  } finally {
    for (const { exchange } of asking) exchange.socket.close();
  }
}

function exchangeOf({ entry, lease, link }: DueLease, now: number): Exchange {
  const settings = { ...holderOf(entry, lease), totalMs: TOTAL_MS, isTaken: () => false };
  const ask = now < leaseTimes(lease).rebindMs ? renew : rebind;
  const socket = link.namespace.run(() => new PacketSocket(link.index));
  return { settings, socket, begin: (at) => ask(settings, at, leaseOfEntry(lease)) };
}

function settled(folder: string, one: DueLease, client: Client | undefined): Outcome {
  if (client?.kind === "bound") return attempt(() => kept(folder, one, entryLease(client.lease, holderOf(one.entry, one.lease).clientId)));
  if (client?.kind === "lost") return lost(folder, one, client.said);
  return { outcome: "silent", ...(client?.kind === "failed" && client.said !== "" ? { message: client.said } : {}) };
}

/** Only the time changes: what else a server changes its mind about, the pod was told at its start. */
function kept(folder: string, { entry }: DueLease, lease: EntryLease): Outcome {
  const { containerID } = entry.key;
  const isHeld = withAttachment({ folder, containerID }, (ledger) =>
    ledger.reserve((held) => {
      const current = held.find(entry.key);
      return isSame(current, entry) ? [{ put: [{ ...current, lease }] }, true] : [{}, current !== undefined];
    }),
  );
  if (isHeld) return { outcome: "renewed" };
  releaseLeases([{ ...entry, lease }], entry.bootId);
  return { outcome: "gone" };
}

function lost(folder: string, { entry, link }: DueLease, why: string): Outcome {
  return attempt(() =>
    withAttachment({ folder, containerID: entry.key.containerID }, (ledger) => {
      const current = ledger.read().find(entry.key);
      if (!isSame(current, entry)) return { outcome: "gone" };
      write(
        ledger,
        withSides(entry.netns ?? "", (sides) => loseAddress(current, { sides, podIndex: link.index })),
      );
      return { outcome: "over", message: why };
    }),
  );
}

/** The kernel first: an entry without the address would let another pod have it. */
function write(ledger: AttachmentLedger, entry: LedgerEntry): void {
  ledger.reserve(() => [{ put: [entry] }, undefined]);
}

/** True when nobody gave the interface another lease, or made it anew, since it was looked at. */
function isSame(current: LedgerEntry | undefined, { bootId, hostName, lease }: LedgerEntry): current is LedgerEntry {
  return (
    current?.bootId === bootId &&
    current.hostName === hostName &&
    current.lease?.address === lease?.address &&
    current.lease?.startMs === lease?.startMs &&
    current.lease?.isOver === lease?.isOver
  );
}

/** The failure of one lease is no other's. */
function attempt(work: () => Outcome): Outcome {
  try {
    return work();
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Outcome {
  return { outcome: "failed", message: describeError(error) };
}
