import { PharosError } from "@pharos/base";
import { containsIp, formatIp, parseIp, parsePrefix } from "@pharos/hoststate";
import type { PodAddress } from "./choose-addresses.ts";
import { ATTACH_BAD_CONFIG, ATTACH_BAD_PARAMETER } from "./codes.ts";
import type { AddressSpan } from "./ip-ranges.ts";
import { familyOf } from "./requested-addresses.ts";

/** A router that a pod asks for in the place of its bridge's. */
export interface RequestedGateway {
  /** Canonical. */
  readonly address: string;
  /** Where it stands, for messages. */
  readonly path: string;
}

/** Reads `GATEWAY` of CNI_ARGS: addresses with commas between. */
export function readGateways(texts: readonly string[]): readonly RequestedGateway[] {
  return texts.map((text) => {
    const ip = parseIp(text);
    if (ip === undefined)
      throw new PharosError(ATTACH_BAD_PARAMETER, `GATEWAY in CNI_ARGS holds ${JSON.stringify(text)}, which is not an address`);
    return { address: formatIp(ip), path: "GATEWAY in CNI_ARGS" };
  });
}

/** Routers that ranges of the capability `ipRanges` name. */
export function gatewaysOf(spans: readonly AddressSpan[]): readonly RequestedGateway[] {
  return spans.flatMap(({ gateway, path }) => (gateway === undefined ? [] : [{ address: gateway, path: `${path}.gateway` }]));
}

/** The addresses with the routers that the pod asks for; each must be in the subnet of an address, and no address of the pod itself. */
export function withRequestedGateways(addresses: readonly PodAddress[], wanted: readonly RequestedGateway[]): readonly PodAddress[] {
  for (const { address, path } of wanted) {
    if (!addresses.some((one) => isNeighbour(one.address, address)))
      throw new PharosError(ATTACH_BAD_CONFIG, `${path}: ${address} is in the subnet of no address of the pod`);
  }
  return addresses.map((one) => {
    const other = wanted.find(({ address }) => familyOf(address) === familyOf(one.address));
    return other === undefined ? one : { ...one, gateway: other.address };
  });
}

function isNeighbour(own: string, gateway: string): boolean {
  const prefix = parsePrefix(own);
  const ip = parseIp(gateway);
  return prefix !== undefined && ip !== undefined && containsIp(prefix, ip) && own.split("/")[0] !== gateway;
}
