import {
  type Attachment,
  attachmentOf,
  bridgeOf,
  type JsonObject,
  listOf,
  objectOf,
  readKey,
  readPreviousResult,
  textOf,
} from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type LedgerEntry, withAttachment } from "@pharos/ledger";
import { PLUGIN_CHECK_FAILED, PLUGIN_UNKNOWN_ATTACHMENT } from "../codes.ts";
import { loadNetworkData } from "../config.ts";
import { inspectInterface } from "../plumb/interface.ts";
import { elementFaults } from "../plumb/pod-elements.ts";
import type { ToldInterface } from "../plumb/pod-end.ts";
import { type CommandContext, withSides } from "./context.ts";

/**
 * CHECK, of the interface and of those that go with it. Compares ledger, network data, previous result and kernel with what a repeated
 * ADD would mend; throws an error that lists all differences.
 */
export function check({ config, parameters, netns }: CommandContext): void {
  const key = readKey(config.fields, parameters);
  readPreviousResult(config.fields.prevResult);
  const previous = objectOf(config.fields.prevResult, "prevResult");
  const data = loadNetworkData(config);
  withSides(netns, (sides) =>
    withAttachment({ folder: config.stateDir, containerID: key.containerID }, (ledger) => {
      const entries = ledger.read().family(key);
      if (entries.length === 0) throw new PharosError(PLUGIN_UNKNOWN_ATTACHMENT, `${key.containerID} has no ${key.ifname} in the ledger`);
      const attachments = entries.map((entry) => attachmentOf(entry, bridgeOf(data, entry.bridge)));
      const found = [
        ...entries.flatMap((entry) => [...addressDifferences(entry, previous), ...leaseDifferences(entry)]),
        ...routeDifferences(attachments, previous),
        ...attachments.flatMap((attachment) => inspectInterface(sides, attachment, toldOf(attachment, previous))),
        ...elementFaults(entries),
      ];
      if (found.length > 0) throw new PharosError(PLUGIN_CHECK_FAILED, found.join("; "));
    }),
  );
}

/** Addresses of the ledger that the previous result does not have. */
function addressDifferences(entry: LedgerEntry, previous: JsonObject): readonly string[] {
  if (previous.ips === undefined) return [];
  const told = listOf(previous.ips, "prevResult.ips").map((item, index) =>
    textOf(objectOf(item, `prevResult.ips[${index}]`).address, `prevResult.ips[${index}].address`),
  );
  const missing = entry.addresses.filter((address) => !told.includes(address));
  return missing.map((address) => `the previous result has not the address ${address} of the ledger`);
}

/** What the previous result says of an interface in the pod; undefined where there is no previous result, or it does not have it. */
function toldOf({ key }: Attachment, previous: JsonObject): ToldInterface | undefined {
  const interfaces = listOf(previous.interfaces, "prevResult.interfaces").map((item, index) =>
    objectOf(item, `prevResult.interfaces[${index}]`),
  );
  const told = interfaces.find(({ name, sandbox }) => name === key.ifname && sandbox !== undefined && sandbox !== "");
  if (told === undefined) return undefined;
  const mac = textOf(told.mac, "prevResult.interfaces.mac")?.toLowerCase();
  return {
    ...(mac === undefined || mac === "" ? {} : { mac }),
    ...(typeof told.mtu === "number" && told.mtu > 0 ? { mtu: told.mtu } : {}),
  };
}

function leaseDifferences({ key, lease }: LedgerEntry): readonly string[] {
  return lease?.isOver === true ? [`the lease of ${lease.address} is over, and ${key.ifname} has no address`] : [];
}

/** Routes of ours that the previous result does not have: it is of another attachment, or somebody rewrote it. */
function routeDifferences(attachments: readonly Attachment[], previous: JsonObject): readonly string[] {
  if (previous.routes === undefined) return [];
  const told = listOf(previous.routes, "prevResult.routes").map((item, index) => {
    const route = objectOf(item, `prevResult.routes[${index}]`);
    return textOf(route.dst, `prevResult.routes[${index}].dst`);
  });
  const missing = attachments.flatMap(({ routes }) => routes).filter(({ dst }) => !told.includes(dst));
  return missing.map(({ dst }) => `the previous result has not the route to ${dst}`);
}
