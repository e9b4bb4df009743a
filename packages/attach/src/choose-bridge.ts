import { PharosError } from "@pharos/base";
import type { PodBridge, PodNetworkData } from "@pharos/hoststate";
import { ATTACH_NO_BRIDGE } from "./codes.ts";

/** The bridge of a pod: the one that is `wanted`, else the host's default. */
export function chooseBridge(data: PodNetworkData, wanted: string | undefined): PodBridge {
  const name = wanted ?? data.defaultBridge;
  const names = data.bridges.map((bridge) => bridge.name).join(", ") || "none";
  if (name === undefined) throw new PharosError(ATTACH_NO_BRIDGE, `this host has no default bridge for pods (bridges: ${names})`);
  const bridge = data.bridges.find((candidate) => candidate.name === name);
  if (bridge === undefined) throw new PharosError(ATTACH_NO_BRIDGE, `this host has no bridge ${name} for pods (bridges: ${names})`);
  return bridge;
}
