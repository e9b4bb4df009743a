import { PharosError } from "@pharos/base";
import type { PodBridge, PodNetworkData } from "@pharos/hoststate";
import { ATTACH_NO_BRIDGE } from "./codes.ts";

/** The bridges of a pod: those that are `wanted`, else the host's default. At least one. */
export function chooseBridges(data: PodNetworkData, wanted: readonly string[]): readonly PodBridge[] {
  if (wanted.length > 0) return wanted.map((name) => bridgeOf(data, name));
  if (data.defaultBridge === undefined)
    throw new PharosError(ATTACH_NO_BRIDGE, `this host has no default bridge for pods (bridges: ${namesOf(data)})`);
  return [bridgeOf(data, data.defaultBridge)];
}

/** The bridge of this name; PHAROS-2204 when the host has none. */
export function bridgeOf(data: PodNetworkData, name: string): PodBridge {
  const bridge = data.bridges.find((candidate) => candidate.name === name);
  if (bridge === undefined) throw new PharosError(ATTACH_NO_BRIDGE, `this host has no bridge ${name} for pods (bridges: ${namesOf(data)})`);
  return bridge;
}

function namesOf({ bridges }: PodNetworkData): string {
  return bridges.map(({ name }) => name).join(", ") || "none";
}
