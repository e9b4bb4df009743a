import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { PharosError } from "@pharos/base/errors";
import type { PodBridge } from "@pharos/hoststate";
import { LEDGER_UNWRITABLE, readLedger } from "@pharos/ledger";
import { PLUGIN_LIMITED, PLUGIN_NOT_READY } from "../codes.ts";
import { loadNetworkData } from "../config.ts";
import { findLinks } from "../plumb/links.ts";
import { currentBootId } from "./boot-id.ts";
import { type CommandContext, withHost } from "./context.ts";
import { reclaim } from "./reclaim.ts";

/**
 * STATUS (CNI 1.1): whether an ADD could succeed now. There are network data with a bridge, the ledger can be written, and no
 * foreign link has the name of the default bridge; with pods on that bridge it is PHAROS-5010, limited connectivity. The first STATUS after a boot
 * reclaims what the boot before left: a runtime asks it before it starts pods.
 */
export function status({ config }: CommandContext): void {
  const data = loadNetworkData(config);
  if (data.bridges.length === 0) throw new PharosError(PLUGIN_NOT_READY, "this host has no bridge for pods");
  requireWritable(config.stateDir);
  const bootId = currentBootId();
  const entries = readLedger(config.stateDir);
  withHost((host) => {
    const bridge = data.bridges.find(({ name }) => name === data.defaultBridge);
    const [link] = bridge === undefined ? [] : findLinks(host, [bridge.name]);
    const isForeign = link !== undefined && link.kind !== "bridge";
    if (bridge !== undefined && isForeign)
      throw occupied(bridge, entries.filter((entry) => entry.bridge === bridge.name && entry.bootId === bootId).length);
    if (entries.some((entry) => entry.bootId !== bootId)) reclaim(host, config.stateDir, { isGarbage: () => false });
  });
}

function occupied({ name }: PodBridge, pods: number): PharosError {
  return pods === 0
    ? new PharosError(PLUGIN_NOT_READY, `a link that is no bridge has the name ${name}`)
    : new PharosError(PLUGIN_LIMITED, `a link that is no bridge has the name ${name}, and ${pods} interfaces belong there`);
}

/** A file system that is full or read-only shows before a pod fails for it. */
function requireWritable(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    if (statfsSync(folder).bavail > 0) return;
  } catch (cause) {
    throw new PharosError(LEDGER_UNWRITABLE, `cannot write below ${folder}`, { cause });
  }
  throw new PharosError(LEDGER_UNWRITABLE, `the file system of ${folder} is full`);
}
