import {
  type AttachedLinks,
  type Attachment,
  bridgeMacOf,
  type CniResult,
  decideAttachment,
  type PodRequest,
  readRequest,
  resultOf,
  sameKey,
  textOf,
} from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type LedgerEntry, type LockedLedger, withLedger } from "@pharos/ledger";
import { PLUGIN_UNKNOWN_ATTACHMENT } from "../codes.ts";
import { hasInlineData, loadNetworkData, type PluginConfig } from "../config.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { limitBandwidth } from "../plumb/bandwidth.ts";
import { AGENT_BRIDGE_ALIAS, ensureBridge, INLINE_BRIDGE_ALIAS } from "../plumb/bridge.ts";
import { differencesFrom } from "../plumb/inspect.ts";
import { deleteLink, findLink } from "../plumb/links.ts";
import { addPodElements, removePodElements } from "../plumb/pod-elements.ts";
import { configurePod, createPair, type Sides } from "../plumb/pod-interface.ts";
import { entriesOfLinks } from "../plumb/recover.ts";
import { removePair } from "../plumb/remove-pair.ts";
import { currentBootId } from "./boot-id.ts";
import { type CommandContext, withSides } from "./context.ts";
import { isExpected } from "./expected.ts";

/**
 * ADD. The reservation is on disk before the first link exists, so a crash at any point leaves a ledger entry that a
 * repeated ADD completes and a DEL removes. ADD of what is attached already answers the same result again.
 */
export function add({ config, parameters, netns }: CommandContext): CniResult {
  const request = readRequest(config.fields, parameters);
  const data = loadNetworkData(config);
  const isInline = hasInlineData(config);
  const bootId = currentBootId();
  return withSides(netns, (sides) =>
    withLedger(config.stateDir, (ledger) => {
      if (ledger.isSuspect) recover(ledger, sides.host, bootId);
      requireExpected(config, ledger, request.key);
      const attachment = decideAttachment(request, {
        data,
        held: ledger.entries(),
        bootId,
        masquerades: isInline,
        lastOf: ledger.lastOf,
      });
      const isNew = ledger.find(request.key)?.bootId !== bootId;
      const entry = { ...entryOf(attachment, { request, bootId, netns }), ...primaryOf(config) };
      if (isNew) reserve(ledger, entry);
      try {
        const links = plumb(sides, attachment, isInline ? INLINE_BRIDGE_ALIAS : AGENT_BRIDGE_ALIAS);
        addPodElements(entry);
        return resultOf(config.cniVersion, attachment, { ...links, netns });
      } catch (error) {
        if (isNew) {
          removePair(sides.host, attachment.hostName, request.key);
          removePodElements(entry);
          ledger.release(request.key);
        }
        throw error;
      }
    }),
  );
}

/** An interface that the agent adds to a running pod goes with the one that the runtime knows of (field `primary`). */
function primaryOf({ fields }: PluginConfig): Pick<LedgerEntry, "primary"> {
  const primary = textOf(fields.primary, "primary");
  return primary === undefined ? {} : { primary };
}

function requireExpected(config: PluginConfig, ledger: LockedLedger, key: PodRequest["key"]): void {
  if (!isExpected(config, ledger.find(key)))
    throw new PharosError(PLUGIN_UNKNOWN_ATTACHMENT, `${key.containerID} has no such ${key.ifname} in the ledger any more`);
}

/** Asks the kernel, the second witness, for attachments that a new or damaged ledger does not know: no address is given out twice. */
function recover(ledger: LockedLedger, host: NetlinkSocket, bootId: string): void {
  const missing = entriesOfLinks(host, bootId).filter(({ key }) => ledger.find(key) === undefined);
  if (missing.length > 0 || ledger.entries().length > 0) ledger.rebuild(missing);
}

/** Writes the entry; entries of earlier boots go with it, for their pods are gone. */
function reserve(ledger: LockedLedger, entry: LedgerEntry): void {
  const stale = ledger.entries().filter(({ key, bootId }) => bootId !== entry.bootId && !sameKey(key, entry.key));
  ledger.reserve(
    entry,
    stale.map(({ key }) => key),
  );
}

function entryOf(attachment: Attachment, { request, bootId, netns }: { request: PodRequest; bootId: string; netns: string }): LedgerEntry {
  return {
    key: attachment.key,
    bridge: attachment.bridge.name,
    addresses: attachment.addresses.map(({ address }) => address),
    hostName: attachment.hostName,
    mac: attachment.mac,
    bootId,
    ...(request.pod === undefined ? {} : { pod: request.pod }),
    ...(attachment.ports.length === 0 ? {} : { ports: attachment.ports }),
    ...(attachment.masqueradeExcept === undefined ? {} : { masqueradeExcept: attachment.masqueradeExcept }),
    ...(attachment.bandwidth === undefined ? {} : { bandwidth: attachment.bandwidth }),
    netns,
  };
}

/** Brings the kernel to what the attachment says; a pair that is whole already is left alone. */
function plumb(sides: Sides, attachment: Attachment, bridgeAlias: string): Omit<AttachedLinks, "netns"> {
  const bridge = ensureBridge(sides.host, attachment.bridge, { mac: bridgeMacOf(attachment.bridge.name), alias: bridgeAlias });
  const existing = findLink(sides.host, attachment.hostName);
  const isWhole = existing !== undefined && differencesFrom(attachment, sides).length === 0;
  if (existing !== undefined && !isWhole) deleteLink(sides.host, existing);
  const host = isWhole ? existing : createPair(sides, attachment, bridge);
  if (!isWhole) {
    limitBandwidth(sides.host, attachment, host);
    configurePod(sides, attachment);
  }
  return { bridgeMac: bridge.mac ?? "", hostMac: host.mac ?? "", mtu: host.mtu };
}
