import { ATTACH_BAD_CONFIG, type Attachment, withLease } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type Client, DHCP_REFUSED, DHCP_SILENT, discover, type Lease, reboot } from "@pharos/dhcp";
import { encodeLinkChange } from "@pharos/kernel/netlink";
import type { AttachmentLedger, LedgerEntry, LedgerView } from "@pharos/ledger";
import type { PluginConfig } from "../config.ts";
import { awaitOpenPorts } from "../plumb/announce.ts";
import type { Sides } from "../plumb/fault.ts";
import { bootTime, carryOut } from "./exchange.ts";
import { holderOf, holdsLease, identityOf, leasedEntry } from "./lease-entry.ts";
import { withSocket } from "./pod-socket.ts";

/** How long ADD asks for a lease when the configuration does not say; runtimes give up after some tens of seconds. */
const TIMEOUT_MS = 9000;
const TIMEOUT_BOUNDS_MS = { least: 500, most: 60_000 };

/** An interface whose pair stands and whose pod's end has no address yet. */
export interface Unleased {
  readonly attachment: Attachment;
  /** As it stands in the ledger. */
  readonly entry: LedgerEntry;
  /** Index of the pod's end. */
  readonly podIndex: number;
}

export interface LeasePlace {
  readonly sides: Sides;
  readonly ledger: AttachmentLedger;
  /** How long servers are asked, in milliseconds. */
  readonly dhcpTimeoutMs: number;
}

/** Reads `dhcpTimeoutMs`: how long ADD may take to get a lease, in milliseconds. */
export function readDhcpTimeout({ fields }: PluginConfig): number {
  const value = fields.dhcpTimeoutMs ?? TIMEOUT_MS;
  const { least, most } = TIMEOUT_BOUNDS_MS;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
    throw new PharosError(ATTACH_BAD_CONFIG, `dhcpTimeoutMs is ${JSON.stringify(value)}, not a whole number from ${least} to ${most}`);
  return value;
}

/**
 * Gets the address of an interface from a DHCP server on its bridge; the lease is in the ledger when it returns. A lease that still runs
 * is kept without a question: to prolong it is the agent's work. A pod that lost its address gets the same one or none.
 * PHAROS-2301 when nobody answers, PHAROS-2302 when no answer can be used.
 */
export function acquireLease(one: Unleased, place: LeasePlace): Pick<Unleased, "attachment" | "entry"> {
  const { attachment, entry, podIndex } = one;
  if (holdsLease(entry, bootTime())) return { attachment, entry };
  const { sides, ledger, dhcpTimeoutMs } = place;
  // An entry that the kernel's marks brought back has an address without its lease.
  const former = (entry.lease?.address ?? entry.addresses[0])?.split("/")[0];
  const identity = entry.lease === undefined ? identityOf(entry) : holderOf(entry, entry.lease);
  const settings = {
    ...identity,
    totalMs: dhcpTimeoutMs,
    isTaken: (address: string) => isBridges(attachment, address) || isTaken(ledger.read(), entry, address),
    ...(former === undefined ? {} : { only: former }),
  };
  // What is sent over a link that is down, or to a port that is not open yet, is lost.
  sides.pod.exchange([{ what: `set ${entry.key.ifname} up to ask for a lease`, bytes: encodeLinkChange({ index: podIndex, up: true }) }]);
  awaitOpenPorts(sides.host, [attachment.hostName]);
  const client = withSocket({ namespace: sides.namespace, index: podIndex }, (socket) => {
    const begin = (now: number) => (former === undefined ? discover(settings, now) : reboot(settings, now, former));
    return carryOut([{ settings, socket, begin, announces: true }])[0];
  });
  const lease = required(client, entry);
  const leased = leasedEntry(entry, lease, identity.clientId);
  ledger.reserve((held) => {
    if (isTaken(held, entry, lease.address.split("/")[0] ?? ""))
      throw new PharosError(DHCP_REFUSED, `${lease.server} gave ${lease.address} to two pods on ${entry.bridge}`);
    return [{ put: [leased] }, undefined];
  });
  const { addresses, gateways = [], routes = [] } = leased;
  const made = withLease(attachment, { addresses, gateways, routes });
  sides.host.exchange([{ what: `mark ${made.hostName}`, bytes: encodeLinkChange({ name: made.hostName, alias: made.alias }) }]);
  return { attachment: made, entry: leased };
}

/** The host's own address on the bridge, which the server may not know of. */
function isBridges({ bridge }: Attachment, address: string): boolean {
  return bridge.ranges.some(({ gateway }) => gateway === address);
}

function isTaken(held: LedgerView, { key, bridge, bootId }: LedgerEntry, address: string): boolean {
  return held
    .mentioning(`${address}/`)
    .some(
      (other) =>
        other.bridge === bridge &&
        other.bootId === bootId &&
        (other.key.containerID !== key.containerID || other.key.ifname !== key.ifname || other.key.network !== key.network) &&
        other.addresses.some((text) => text.split("/")[0] === address),
    );
}

function required(client: Client | undefined, { bridge, key }: LedgerEntry): Lease {
  if (client?.kind === "bound") return client.lease;
  if (client?.kind === "failed" && client.isSilent) throw new PharosError(DHCP_SILENT, `nobody on ${bridge} answers ${key.ifname}`);
  const said = client !== undefined && "said" in client ? client.said : "";
  throw new PharosError(DHCP_REFUSED, `no lease for ${key.ifname} on ${bridge}: ${said}`);
}
