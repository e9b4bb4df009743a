import { PharosError } from "@pharos/base";
import { containsIp, type PodBridge, parseIp, parsePrefix } from "@pharos/hoststate";
import type { PodAddress } from "./choose-addresses.ts";
import { ATTACH_ADDRESS_OUTSIDE, ATTACH_ADDRESS_TAKEN, ATTACH_BAD_CONFIG } from "./codes.ts";
import { isReserved } from "./range-addresses.ts";
import type { RequestedAddress } from "./requested-addresses.ts";

/**
 * The addresses that the pod itself names, for a bridge whose `ipam` is `static`. Each must lie inside one of the bridge's subnets, on
 * whatever host; where the bridge has none it must bring its prefix length. `taken`: what other pods of this host hold, without length.
 */
export function staticAddresses(
  bridge: PodBridge,
  requested: readonly RequestedAddress[],
  taken: Pick<ReadonlySet<string>, "has">,
): readonly PodAddress[] {
  if (requested.length === 0)
    throw new PharosError(
      ATTACH_BAD_CONFIG,
      `bridge ${bridge.name} takes addresses from its pods (ipam static), and this pod names none: set the annotation pharos.io/ip or the capability ips`,
    );
  return requested.map((wanted) => {
    const { address, path } = wanted;
    if (taken.has(address)) throw new PharosError(ATTACH_ADDRESS_TAKEN, `${address} on bridge ${bridge.name} is held by another pod`);
    return bridge.ranges.length === 0 ? ofItsOwn(wanted) : insideSubnet(bridge, address, path);
  });
}

function ofItsOwn({ address, length, path }: RequestedAddress): PodAddress {
  if (length === undefined)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path}: ${address} needs a prefix length, because its bridge has no subnet`);
  return { address: `${address}/${length}` };
}

function insideSubnet(bridge: PodBridge, address: string, path: string): PodAddress {
  const ip = parseIp(address);
  for (const range of bridge.ranges) {
    const { subnet, gateway } = range;
    const prefix = parsePrefix(subnet);
    if (ip === undefined || prefix === undefined || !containsIp(prefix, ip)) continue;
    if (isReserved(address, range))
      throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${path}: ${address} on bridge ${bridge.name} is reserved`);
    return { address: `${address}/${prefix.length}`, ...(gateway === undefined ? {} : { gateway }) };
  }
  const subnets = bridge.ranges.map(({ subnet }) => subnet).join(", ");
  throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${path}: ${address} is outside ${subnets} of bridge ${bridge.name}`);
}
