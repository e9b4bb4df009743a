import { parsePrefix } from "@pharos/hoststate";
import type { PodKey } from "./request.ts";

const MASK = 0xffff_ffff_ffff_ffffn;

/** FNV-1a with 64 bits, then the finalizer of MurmurHash3, so that the bits taken from it are even. */
function hash64(text: string): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100_0000_01b3n) & MASK;
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

/** A locally administered unicast hardware address (IEEE 802, U/L bit set) that stays the same for the key. */
export function macOf({ network, containerID, ifname }: PodKey): string {
  const digits = hex12(`mac/${network}/${containerID}/${ifname}`).slice(2);
  return `02:${digits.replace(/(..)(?=.)/g, "$1:")}`;
}

/** Start of the alias of every link that belongs to a pod. */
export const POD_ALIAS = "pharos-pod";

/** What the mark on the host's end tells about an attachment. */
export interface Witness {
  readonly key: PodKey;
  readonly mac: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** The kernel takes fewer bytes than IFALIASZ (linux/if_link.h). */
const ALIAS_BYTES = 255;

/** Start of the mark, which tells whose link it is: `pharos-pod:<containerID>:<ifname>`. */
function ownerMarkOf({ containerID, ifname }: PodKey): string {
  return `${POD_ALIAS}:${containerID.slice(0, 200)}:${ifname}`;
}

/**
 * The mark on the host's end, the second witness beside the ledger: owner, network, hardware address and addresses, each behind a
 * colon. Where that is too long for the kernel only the owner is kept.
 */
export function aliasOf({ key, mac, addresses }: Witness): string {
  const whole = `${POD_ALIAS}:${key.containerID}:${key.ifname}:${key.network}:${mac.replaceAll(":", "")}:${addresses.join(",")}`;
  return whole.length <= ALIAS_BYTES ? whole : ownerMarkOf(key);
}

/** Reads a mark back; undefined when it is none of ours, or only names the owner. */
export function witnessOf(alias: string): Witness | undefined {
  const match = /^pharos-pod:([^:]+):([^:]+):([^:]+):([0-9a-f]{12}):(.+)$/.exec(alias);
  if (match === null) return undefined;
  const [, containerID = "", ifname = "", network = "", digits = "", list = ""] = match;
  const addresses = list.split(",");
  if (!addresses.every((address) => parsePrefix(address) !== undefined)) return undefined;
  return { key: { network, containerID, ifname }, mac: digits.replace(/(..)(?=.)/g, "$1:"), addresses };
}

/** True when `alias` marks a link of this attachment. */
export function isMarkOf(key: PodKey, alias: string): boolean {
  const owner = ownerMarkOf(key);
  return alias === owner || alias.startsWith(`${owner}:${key.network}:`);
}

/** The hardware address of a bridge: derived from its name, so that it is the same whoever makes the bridge, and stays when ports come and go. */
export function bridgeMacOf(name: string): string {
  return `02:${hex12(`bridge/${name}`)
    .slice(2)
    .replace(/(..)(?=.)/g, "$1:")}`;
}
