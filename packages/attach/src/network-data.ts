import { PharosError } from "@pharos/base";
import {
  containsIp,
  containsPrefix,
  formatIp,
  formatPrefix,
  isInterfaceName,
  networkOf,
  type PodBridge,
  type PodNetworkData,
  type PodRange,
  parseIp,
  parsePrefix,
} from "@pharos/hoststate";
import { ATTACH_BAD_DATA } from "./codes.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "./fields.ts";
import { canonicalSpan } from "./range-addresses.ts";

/**
 * Checks network data that was read from disk or from the plugin's configuration. Nothing of it reaches the kernel unchecked.
 * Fields that this version does not know are left out.
 */
export function readNetworkData(value: unknown): PodNetworkData {
  try {
    const data = objectOf(value, "network data");
    if (data.version !== 1) throw new RangeError(`version is ${JSON.stringify(data.version)}, not 1`);
    const bridges = listOf(data.bridges, "bridges").map((bridge, index) =>
      readBridge(objectOf(bridge, `bridges[${index}]`), `bridges[${index}]`),
    );
    const defaultBridge = textOf(data.defaultBridge, "defaultBridge");
    return {
      version: 1,
      ...(defaultBridge === undefined ? {} : { defaultBridge }),
      bridges,
    };
  } catch (cause) {
    throw new PharosError(ATTACH_BAD_DATA, "network data cannot be used", { cause });
  }
}

function readBridge(bridge: JsonObject, path: string): PodBridge {
  const name = textOf(bridge.name, `${path}.name`) ?? "";
  if (!isInterfaceName(name)) throw new RangeError(`${path}.name is not an interface name: ${JSON.stringify(name)}`);
  const mtu = bridge.mtu;
  if (mtu !== undefined && !(Number.isInteger(mtu) && Number(mtu) >= 68 && Number(mtu) <= 65535))
    throw new RangeError(`${path}.mtu is ${JSON.stringify(mtu)}`);
  const ipam = textOf(bridge.ipam, `${path}.ipam`);
  if (ipam !== undefined && ipam !== "dhcp" && ipam !== "static")
    throw new RangeError(`${path}.ipam is neither dhcp nor static: ${JSON.stringify(ipam)}`);
  return {
    name,
    isGateway: bridge.isGateway === true,
    ipMasq: bridge.ipMasq === true,
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(bridge.hairpin === true ? { hairpin: true } : {}),
    ...(ipam === undefined ? {} : { ipam }),
    ...(bridge.isolated === true ? { isolated: true } : {}),
    ranges: listOf(bridge.ranges, `${path}.ranges`).map((range, index) => readRange(objectOf(range, path), `${path}.ranges[${index}]`)),
    routes: listOf(bridge.routes, `${path}.routes`).map((route, index) => readRoute(objectOf(route, path), `${path}.routes[${index}]`)),
  };
}

function readRange(range: JsonObject, path: string): PodRange {
  const subnet = prefixField(range, "subnet", path);
  const block = prefixField(range, "block", path);
  const outer = parsePrefix(subnet);
  const inner = parsePrefix(block);
  if (outer === undefined || inner === undefined || !containsPrefix(outer, inner))
    throw new RangeError(`${path}.block is not inside its subnet`);
  const first = addressField(range, "rangeStart", path);
  const last = addressField(range, "rangeEnd", path);
  for (const text of [first, last]) {
    const ip = parseIp(text);
    if (ip === undefined || !containsIp(inner, ip)) throw new RangeError(`${path}: ${text} is not inside ${block}`);
  }
  const gateway = range.gateway === undefined ? undefined : addressField(range, "gateway", path);
  const exclude = textsOf(range.exclude, `${path}.exclude`).map((text) => excluded(text, `${path}.exclude`));
  return { subnet, block, rangeStart: first, rangeEnd: last, ...(gateway === undefined ? {} : { gateway }), exclude };
}

function readRoute(route: JsonObject, path: string): { dst: string; gw?: string } {
  const dst = prefixField(route, "dst", path);
  return route.gw === undefined ? { dst } : { dst, gw: addressField(route, "gw", path) };
}

function prefixField(fields: JsonObject, name: string, path: string): string {
  const text = textOf(fields[name], `${path}.${name}`) ?? "";
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new RangeError(`${path}.${name} is not a prefix: ${JSON.stringify(text)}`);
  return formatPrefix(networkOf(prefix));
}

function addressField(fields: JsonObject, name: string, path: string): string {
  return canonicalAddress(textOf(fields[name], `${path}.${name}`) ?? "", `${path}.${name}`);
}

function excluded(text: string, path: string): string {
  const span = canonicalSpan(text);
  if (span === undefined)
    throw new RangeError(`${path} is not an address, a prefix or two addresses with - between them: ${JSON.stringify(text)}`);
  return span;
}

function canonicalAddress(text: string, path: string): string {
  const ip = parseIp(text);
  if (ip === undefined) throw new RangeError(`${path} is not an address: ${JSON.stringify(text)}`);
  return formatIp(ip);
}
