import {
  type Attachment,
  afterPrevious,
  type ChainedResult,
  type Dns,
  decideAttachments,
  type PodRequest,
  readDns,
  readPreviousResult,
  readRequest,
  resultOf,
  sameKey,
  turnsOf,
} from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import type { PodNetworkData } from "@pharos/hoststate";
import { type AttachmentLedger, type LedgerChange, type LedgerEntry, type LedgerView, withAttachment } from "@pharos/ledger";
import { PLUGIN_UNKNOWN_ATTACHMENT } from "../codes.ts";
import { hasInlineData, loadNetworkData, type PluginConfig } from "../config.ts";
import { acquireLease, readDhcpTimeout } from "../dhcp/acquire.ts";
import { releaseLeases } from "../dhcp/release.ts";
import { announce } from "../plumb/announce.ts";
import { AGENT_BRIDGE_ALIAS, INLINE_BRIDGE_ALIAS } from "../plumb/bridge.ts";
import type { Sides } from "../plumb/fault.ts";
import { attachedOf, type Raised, raisePair, raisePodEnd } from "../plumb/interface.ts";
import { addPodElements, mendPodElements, removePodElements } from "../plumb/pod-elements.ts";
import { entriesOfLinks } from "../plumb/recover.ts";
import { removePairs } from "../plumb/remove-pairs.ts";
import { currentBootId } from "./boot-id.ts";
import { type CommandContext, withSides } from "./context.ts";
import { isExpected } from "./expected.ts";
import { ledgerEntry } from "./ledger-entry.ts";
import { withPendingRequest } from "./pending-request.ts";

/**
 * ADD. The reservation is on disk before the first link exists, so a crash at any point leaves ledger entries that a
 * repeated ADD completes and a DEL removes. ADD of what is attached already mends it and answers the same result again.
 */
export function add({ config, parameters, netns }: CommandContext): ChainedResult {
  const request = withPendingRequest(config, readRequest(config.fields, parameters));
  const previous = readPreviousResult(config.fields.prevResult);
  const askedDns = readDns(config.fields);
  const dhcpTimeoutMs = readDhcpTimeout(config);
  const call = { config, request, netns, data: loadNetworkData(config), bootId: currentBootId() };
  const bridgeAlias = hasInlineData(config) ? INLINE_BRIDGE_ALIAS : AGENT_BRIDGE_ALIAS;
  return withSides(netns, (sides) => {
    // The kernel is the second witness: no address is given out twice after the ledger lost entries.
    const witness = () => entriesOfLinks(sides.host, call.bootId);
    return withAttachment({ folder: config.stateDir, containerID: request.key.containerID, witness }, (ledger) => {
      const { attachments, entries, isNew } = ledger.reserve((held) => decide(call, held));
      const attach = () => {
        const raised = raise({ sides, ledger, dhcpTimeoutMs }, { attachments, entries, bridgeAlias });
        const made = raised.map(({ entry }) => entry);
        (isNew ? addPodElements : mendPodElements)(made);
        announce(sides, raised);
        const dns = { ...leasedDns(made), ...askedDns };
        return afterPrevious(resultOf(config.cniVersion, raised.map(attachedOf), { netns, dns }), previous);
      };
      return isNew ? orTakenBack({ sides, ledger, entries }, attach) : attach();
    });
  });
}

interface AddCall {
  readonly config: PluginConfig;
  readonly request: PodRequest;
  readonly netns: string;
  readonly data: PodNetworkData;
  readonly bootId: string;
}

interface Decision {
  readonly attachments: readonly Attachment[];
  readonly entries: readonly LedgerEntry[];
  /** Nothing of it stands yet. */
  readonly isNew: boolean;
}

/** Decides on what the ledger holds, under its lock: what is to be made, and what is to be written before. */
function decide(call: AddCall, held: LedgerView): readonly [change: LedgerChange, decision: Decision] {
  const { config, request, netns, data, bootId } = call;
  const family = held.family(request.key);
  const former = family.find(({ key }) => sameKey(key, request.key));
  if (!isExpected(config, former))
    throw new PharosError(PLUGIN_UNKNOWN_ATTACHMENT, `${request.key.containerID} has no such ${request.key.ifname} in the ledger any more`);
  const attachments = decideAttachments(request, { data, held, bootId, masquerades: hasInlineData(config) });
  const isNew = former?.bootId !== bootId;
  const entries = attachments.map((attachment) => ({
    ...(isNew ? undefined : family.find(({ key }) => sameKey(key, attachment.key))),
    ...ledgerEntry(attachment, { request: isNew ? request : former, bootId, netns }),
  }));
  // A container that came back in another namespace takes its addresses along.
  if (!isNew && former.netns === netns) return [{}, { attachments, entries, isNew }];
  // Pods of earlier boots are gone, and so is what went with a former interface of this key.
  const stale = [...held.keysOfOtherBoots(bootId), ...family.map(({ key }) => key)];
  const remove = stale.filter((key) => !entries.some((entry) => sameKey(entry.key, key)));
  return [
    { put: entries, remove, ...(isNew ? { turns: turnsOf(attachments) } : {}) },
    { attachments, entries, isNew },
  ];
}

interface Place {
  readonly sides: Sides;
  readonly ledger: AttachmentLedger;
  readonly dhcpTimeoutMs: number;
}

/** Brings the kernel to what the attachments say, interface by interface; those of a bridge with a DHCP server get their lease on the way. */
function raise(
  place: Place,
  to: Pick<Decision, "attachments" | "entries"> & { readonly bridgeAlias: string },
): readonly (Raised & { readonly entry: LedgerEntry })[] {
  const { sides } = place;
  return to.attachments.flatMap((attachment, index) => {
    const entry = to.entries[index];
    if (entry === undefined) return [];
    const pair = raisePair(sides, attachment, to.bridgeAlias);
    const isLeased = attachment.bridge.ipam === "dhcp";
    const whole = isLeased ? acquireLease({ attachment, entry, podIndex: pair.podIndex }, place) : { attachment, entry };
    raisePodEnd(sides, whole.attachment, pair);
    return [{ ...whole, pair }];
  });
}

/** What DHCP servers said of name resolution: the first that said anything. */
function leasedDns(entries: readonly LedgerEntry[]): Dns {
  return entries.find(({ lease }) => lease?.dns !== undefined)?.lease?.dns ?? {};
}

/** What a failed first ADD made is taken back, of all interfaces. */
function orTakenBack<T>(
  { sides, ledger, entries }: { readonly sides: Sides; readonly ledger: AttachmentLedger; readonly entries: readonly LedgerEntry[] },
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    // Leases that some of them got meanwhile stand there.
    const made = entries.map((entry) => ledger.read().find(entry.key) ?? entry);
    releaseLeases(made, currentBootId());
    removePairs(sides.host, made);
    removePodElements(made);
    ledger.release(made.map(({ key }) => key));
    throw error;
  }
}
