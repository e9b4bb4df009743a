import { type ClientSettings, type Lease, leaseTimes } from "@pharos/dhcp";
import { formatPrefix, networkOf, parsePrefix } from "@pharos/hoststate";
import { type EntryLease, keyText, type LedgerEntry } from "@pharos/ledger";

/** Longest value of an option without its type byte. */
const LONGEST_ID = 254;
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What of a lease stands in the ledger's entry of the pod's interface. */
export function leasedEntry(entry: LedgerEntry, lease: Lease, clientId: Uint8Array): LedgerEntry {
  const { gateway, routes, address } = lease;
  const { masqueradeExcept: kept } = entry;
  return {
    ...entry,
    addresses: [address],
    // Which subnet the bridge has was not known before.
    ...(kept === undefined ? {} : { masqueradeExcept: [...new Set([...kept, subnetOf(address)])] }),
    ...(gateway === undefined ? {} : { gateways: [gateway] }),
    ...(routes.length === 0 ? {} : { routes }),
    lease: entryLease(lease, clientId),
  };
}

function subnetOf(address: string): string {
  const prefix = parsePrefix(address);
  return prefix === undefined ? address : formatPrefix(networkOf(prefix));
}

/** The entry of an interface whose lease is over: the pod has no address until the server gives it the same again. */
export function overEntry(entry: LedgerEntry): LedgerEntry {
  const { gateways: _, routes: __, lease, ...rest } = entry;
  return { ...rest, addresses: [], ...(lease === undefined ? {} : { lease: { ...lease, isOver: true } }) };
}

export function entryLease(lease: Lease, clientId: Uint8Array): EntryLease {
  const { address, server, serverMac, startMs, seconds, renewSeconds, rebindSeconds } = lease;
  const dns = dnsOf(lease);
  return {
    address,
    server,
    serverMac,
    clientId: Buffer.from(clientId).toString("hex"),
    startMs,
    seconds,
    renewSeconds,
    rebindSeconds,
    began: new Date().toISOString(),
    ...(dns === undefined ? {} : { dns }),
  };
}

function dnsOf({ nameservers, domainName, domainSearch }: Lease): EntryLease["dns"] {
  if (nameservers.length === 0 && domainName === undefined && domainSearch === undefined) return undefined;
  return {
    nameservers,
    ...(domainName === undefined ? {} : { domain: domainName }),
    ...(domainSearch === undefined ? {} : { search: domainSearch }),
  };
}

/** The lease of an entry as the client knows it. What it does not need to prolong or return it is left out. */
export function leaseOfEntry({ address, server, serverMac, startMs, seconds, renewSeconds, rebindSeconds }: EntryLease): Lease {
  return { address, server, serverMac, startMs, seconds, renewSeconds, rebindSeconds, routes: [], nameservers: [] };
}

/** True while the pod may use the address; `now` in milliseconds since boot. */
export function holdsLease({ lease }: LedgerEntry, now: number): boolean {
  return lease !== undefined && lease.isOver !== true && now < leaseTimes(lease).endMs;
}

type Identity = Pick<ClientSettings, "mac" | "clientId" | "hostName" | "xid" | "jitter">;

/**
 * Who an interface is for servers. The client identifier (RFC 2132, 9.14; type 0, no hardware address) is the attachment's key, so that a
 * repeated ADD gets the same address again; that of a pod which asks for a sticky address is its name, so that its next one does.
 */
export function identityOf(entry: LedgerEntry): Identity {
  const { key, pod, sticky, bridge, mac, hostName } = entry;
  const long = sticky === true && pod !== undefined ? `pod/${bridge}/${pod.namespace}/${pod.name}` : keyText(key);
  const text = long.length <= LONGEST_ID ? long : `${hostName}/${mac}`;
  return {
    mac,
    clientId: Uint8Array.from([0, ...Buffer.from(text, "latin1")]),
    ...(pod !== undefined && HOST_NAME.test(pod.name) ? { hostName: pod.name } : {}),
    xid: Math.floor(Math.random() * 2 ** 32),
    jitter: Math.random(),
  };
}

/** The same for the lease that an entry has: as the server came to know it. */
export function holderOf(entry: LedgerEntry, lease: EntryLease): Identity {
  return { ...identityOf(entry), clientId: Uint8Array.from(Buffer.from(lease.clientId, "hex")) };
}
