import { PharosError } from "@pharos/base";
import { formatIp, parseIp } from "@pharos/hoststate";
import { ATTACH_BAD_CONFIG, ATTACH_PORT_TAKEN } from "./codes.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./fields.ts";

/** A port of the host that leads to a port of the pod (capability `portMappings`). */
export interface PortMapping {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostPort: number;
  readonly containerPort: number;
  /** Canonical address of the host that it is bound to; absent: all of its addresses. */
  readonly hostIP?: string;
}

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

/** Reads `runtimeConfig.portMappings`; entries without a host port ask for nothing. */
export function readPortMappings(value: unknown): readonly PortMapping[] {
  const path = "runtimeConfig.portMappings";
  const mappings = listOf(value, path).flatMap((item, index) =>
    readMapping(asConvened(objectOf(item, `${path}[${index}]`)), `${path}[${index}]`),
  );
  mappings.forEach((mapping, index) => {
    const other = mappings.slice(0, index).find((earlier) => collide(earlier, mapping));
    if (other !== undefined)
      throw new PharosError(ATTACH_BAD_CONFIG, `${path}[${index}] has the host port of another mapping: ${portText(mapping)}`);
  });
  return mappings;
}

/**
 * Keys in the spelling of the CNI conventions. containerd (go-cni) writes `HostPort`, `ContainerPort`, `Protocol` and `HostIP`, and the
 * reference plugins take any case, because Go's decoder does.
 */
function asConvened(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.slice(0, 1).toLowerCase() + name.slice(1), value]));
}

function readMapping(fields: JsonObject, path: string): readonly PortMapping[] {
  if (fields.hostPort === undefined || fields.hostPort === 0) return [];
  const protocol = (textOf(fields.protocol, `${path}.protocol`) ?? "tcp").toLowerCase();
  const known = PROTOCOLS.find((one) => one === protocol);
  if (known === undefined)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path}.protocol is not tcp, udp or sctp: ${JSON.stringify(protocol)}`);
  const hostIP = hostAddress(textOf(fields.hostIP, `${path}.hostIP`), path);
  const ports = {
    hostPort: portOf(fields.hostPort, `${path}.hostPort`),
    containerPort: portOf(fields.containerPort, `${path}.containerPort`),
  };
  return [{ protocol: known, ...ports, ...(hostIP === undefined ? {} : { hostIP }) }];
}

function portOf(value: unknown, path: string): number {
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > 65535)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not a port: ${JSON.stringify(value)}`);
  return Number(value);
}

/** Undefined for the addresses that mean all. */
function hostAddress(text: string | undefined, path: string): string | undefined {
  if (text === undefined || text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}.hostIP is not an address: ${JSON.stringify(text)}`);
  return ip.value === 0n ? undefined : formatIp(ip);
}

/** True when both want the same port of an address. */
function collide(a: PortMapping, b: PortMapping): boolean {
  const samePort = a.protocol === b.protocol && a.hostPort === b.hostPort;
  return samePort && (a.hostIP === undefined || b.hostIP === undefined || a.hostIP === b.hostIP);
}

/** Throws ATTACH_PORT_TAKEN when another pod has one of the host ports. */
export function requireFreePorts(wanted: readonly PortMapping[], others: readonly PortMapping[]): void {
  const taken = wanted.find((mapping) => others.some((other) => collide(mapping, other)));
  if (taken !== undefined) throw new PharosError(ATTACH_PORT_TAKEN, `host port ${portText(taken)} belongs to another pod`);
}

function portText({ protocol, hostPort, hostIP }: PortMapping): string {
  return `${hostIP === undefined ? "" : `${hostIP} `}${protocol}/${hostPort}`;
}
