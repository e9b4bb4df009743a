import { PharosError } from "@pharos/base";
import { type Family, formatIp, isInterfaceName, type PodBridge, parseIp, parsePrefix } from "@pharos/hoststate";
import { ATTACH_BAD_CONFIG } from "./codes.ts";

/** A fixed address that a pod asks for. */
export interface RequestedAddress {
  /** Canonical, without prefix length. */
  readonly address: string;
  /** Prefix length, where the pod gave one. */
  readonly length?: number;
  /** The bridge on which it wants it; absent: that of its primary interface. */
  readonly bridge?: string;
  /** Where it stands, for messages. */
  readonly path: string;
}

/** Texts such as `10.2.1.5`, `10.2.1.5/24`, and with the bridge in front `net1=10.2.1.5`. `code`: whose fault a bad one is. */
export function readRequestedAddresses(texts: readonly string[], path: string, code = ATTACH_BAD_CONFIG): readonly RequestedAddress[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    const bridge = at === -1 ? undefined : text.slice(0, at).trim();
    const wanted = text.slice(at + 1).trim();
    const prefix = parsePrefix(wanted);
    const ip = parseIp(wanted) ?? prefix?.ip;
    if (ip === undefined || (bridge !== undefined && !isInterfaceName(bridge)))
      throw new PharosError(code, `${path} holds ${JSON.stringify(text)}, which is not an address, nor <bridge>=<address>`);
    return {
      address: formatIp(ip),
      ...(prefix === undefined ? {} : { length: prefix.length }),
      ...(bridge === undefined ? {} : { bridge }),
      path,
    };
  });
}

/** Addresses for an interface on `bridge`; the same address may come by several ways, two of one family may not. */
export function addressesFor(all: readonly RequestedAddress[], bridge: PodBridge, isFirst: boolean): readonly RequestedAddress[] {
  const byFamily = new Map<Family, RequestedAddress>();
  for (const wanted of all.filter((one) => (one.bridge === undefined ? isFirst : one.bridge === bridge.name))) {
    const other = byFamily.get(familyOf(wanted.address));
    if (other !== undefined && other.address !== wanted.address)
      throw new PharosError(
        ATTACH_BAD_CONFIG,
        `two addresses of one family are requested on ${bridge.name}: ${other.address} (${other.path}) and ${wanted.address} (${wanted.path})`,
      );
    byFamily.set(familyOf(wanted.address), { ...other, ...wanted });
  }
  return [...byFamily.values()];
}

/** Refuses an address for a bridge that the pod is not attached to. */
export function requireUsed(all: readonly RequestedAddress[], bridges: readonly PodBridge[]): void {
  const unused = all.find((one) => one.bridge !== undefined && !bridges.some(({ name }) => name === one.bridge));
  if (unused === undefined) return;
  const names = bridges.map(({ name }) => name).join(", ");
  throw new PharosError(
    ATTACH_BAD_CONFIG,
    `${unused.path} wants ${unused.address} on ${unused.bridge}, but the pod's bridges are ${names}`,
  );
}

/** `10.2.1.5` of `10.2.1.5/24`. */
export function withoutLength(address: string): string {
  return address.split("/")[0] ?? address;
}

/** Family of an address or prefix in canonical text. */
export function familyOf(text: string): Family {
  return text.includes(":") ? "ipv6" : "ipv4";
}
