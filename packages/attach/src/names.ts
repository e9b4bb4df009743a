import { macText, parsePrefix } from "@pharos/hoststate";
import type { PodKey } from "./request.ts";

const MASK = 0xffff_ffff_ffff_ffffn;
const HALF = 2 ** 32;

/**
 * FNV-1a with 64 bits, then the finalizer of MurmurHash3, so that the bits taken from it are even. The first part in two halves of 32
 * bits: a bigint for each byte would cost a millisecond per pod. The prime is 2^40 + 0x1b3.
 */
function hash64(text: string): bigint {
  let [high, low] = [0xcbf2_9ce4, 0x8422_2325];
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / HALF) + low * 0x100) % HALF;
    low = product % HALF;
  }
  let hash = (BigInt(high) << 32n) | BigInt(low);
  hash = ((hash ^ (hash >> 33n)) * 0xff51_afd7_ed55_8ccdn) & MASK;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ce_b9fe_1a85_ec53n) & MASK;
  return hash ^ (hash >> 33n);
}

function hex12(text: string): string {
  return (hash64(text) >> 16n).toString(16).padStart(12, "0");
}

/** Name of the host's end of a pod's veth pair: `pv` and 12 hex digits. `turn` gives another name where one is taken. */
export function hostNameOf({ network, containerID, ifname }: PodKey, turn = 0): string {
  return `pv${hex12(`name/${network}/${containerID}/${ifname}/${turn}`)}`;
}

/** The first of those names that no other pod's link on the host has. */
export function freeHostName(key: PodKey, isTaken: (name: string) => boolean): string {
  let turn = 0;
  while (isTaken(hostNameOf(key, turn))) turn++;
  return hostNameOf(key, turn);
}

/**
 * Names of `count` interfaces of a container: the one that the runtime gave, then `net1`, `net2` and so on, as with Multus. Names of
 * interfaces that the container has already are passed over.
 */
export function freeIfnames(key: PodKey, count: number, others: readonly { readonly key: PodKey }[]): readonly string[] {
  const taken = new Set(others.filter((entry) => entry.key.containerID === key.containerID).map((entry) => entry.key.ifname));
  const names = [key.ifname];
  for (let number = 1; names.length < count; number++) {
    const name = `net${number}`;
    if (name !== key.ifname && !taken.has(name)) names.push(name);
  }
  return names;
}

/** A locally administered unicast hardware address (IEEE 802, U/L bit set) that stays the same for the key. */
export function macOf({ network, containerID, ifname }: PodKey): string {
  const digits = hex12(`mac/${network}/${containerID}/${ifname}`).slice(2);
  return macText(`02${digits}`);
}

/** Start of the alias of every link that belongs to a pod. */
export const POD_ALIAS = "pharos-pod";

/** What the mark on the host's end tells about an attachment. */
export interface Witness {
  readonly key: PodKey;
  readonly mac: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
  /** Interface of the same container with which this one goes. */
  readonly primary?: string;
}

/** The kernel takes fewer bytes than IFALIASZ (linux/if_link.h). */
const ALIAS_BYTES = 255;

/** Start of the mark, which tells whose link it is: `pharos-pod:<containerID>:<ifname>`. */
function ownerMarkOf({ containerID, ifname }: PodKey): string {
  return `${POD_ALIAS}:${containerID.slice(0, 200)}:${ifname}`;
}

/**
 * The mark on the host's end, the second witness beside the ledger: owner, network, hardware address and addresses, each behind a
 * colon, and behind a semicolon the interface with which it goes. Where that is too long for the kernel only the owner is kept.
 */
export function aliasOf({ key, mac, addresses, primary }: Witness): string {
  const start = `${POD_ALIAS}:${key.containerID}:${key.ifname}:${key.network}:${mac.replaceAll(":", "")}`;
  const whole = `${start}:${addresses.join(",")}${primary === undefined ? "" : `;${primary}`}`;
  return whole.length <= ALIAS_BYTES ? whole : ownerMarkOf(key);
}

/** Reads a mark back; undefined when it is none of ours, or only names the owner. */
export function witnessOf(alias: string): Witness | undefined {
  const match = /^pharos-pod:([^:]+):([^:]+):([^:]+):([0-9a-f]{12}):([^;]*)(?:;([^;]+))?$/.exec(alias);
  if (match === null) return undefined;
  const [, containerID = "", ifname = "", network = "", digits = "", list = "", primary] = match;
  const addresses = list === "" ? [] : list.split(",");
  if (!addresses.every((address) => parsePrefix(address) !== undefined)) return undefined;
  const mac = macText(digits);
  return { key: { network, containerID, ifname }, mac, addresses, ...(primary === undefined ? {} : { primary }) };
}

/** True when `alias` marks a link of this attachment. */
export function isMarkOf(key: PodKey, alias: string): boolean {
  const owner = ownerMarkOf(key);
  return alias === owner || alias.startsWith(`${owner}:${key.network}:`);
}

/** The hardware address of a bridge: derived from its name, so that it is the same whoever makes the bridge, and stays when ports come and go. */
export function bridgeMacOf(name: string): string {
  return macText(`02${hex12(`bridge/${name}`).slice(2)}`);
}
