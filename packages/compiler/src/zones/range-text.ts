import { bitsOf, formatIp, formatPrefix, type Ip } from "@pharos/hoststate";

/** A range of addresses as nft lists it: an address, else a prefix where the range is one, else `first-last`. */
export function rangeText(first: Ip, last: Ip): string {
  const size = last.value - first.value + 1n;
  if (size === 1n) return formatIp(first);
  const isPrefix = (size & (size - 1n)) === 0n && first.value % size === 0n;
  if (!isPrefix) return `${formatIp(first)}-${formatIp(last)}`;
  return formatPrefix({ ip: first, length: bitsOf(first.family) - (size.toString(2).length - 1) });
}
