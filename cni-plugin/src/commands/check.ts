import { type Attachment, aliasOf, type JsonObject, listOf, objectOf, readKey, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type LedgerEntry, withLedger } from "@pharos/ledger";
import { PLUGIN_CHECK_FAILED, PLUGIN_UNKNOWN_ATTACHMENT } from "../codes.ts";
import { differencesFrom } from "../plumb/inspect.ts";
import { type CommandContext, withSides } from "./context.ts";

/** CHECK. Compares ledger, previous result and kernel; throws an error that lists all differences. */
export function check({ config, parameters, netns }: CommandContext): void {
  const key = readKey(config.fields, parameters);
  const previous = objectOf(config.fields.prevResult, "prevResult");
  withSides(netns, (sides) =>
    withLedger(config.stateDir, (ledger) => {
      const entry = ledger.find(key);
      if (entry === undefined) throw new PharosError(PLUGIN_UNKNOWN_ATTACHMENT, `${key.containerID} has no ${key.ifname} in the ledger`);
      const found = [...ledgerDifferences(entry, previous), ...differencesFrom(expected(entry, previous), sides)];
      if (found.length > 0) throw new PharosError(PLUGIN_CHECK_FAILED, found.join("; "));
    }),
  );
}

/** The attachment as it was made: addresses from the ledger, routes from the previous result. */
function expected(entry: LedgerEntry, previous: JsonObject): Attachment {
  return {
    key: entry.key,
    bridge: { name: entry.bridge, isGateway: false, ipMasq: false, ranges: [], routes: [] },
    hostName: entry.hostName,
    alias: aliasOf(entry),
    mac: entry.mac,
    addresses: entry.addresses.map((address) => ({ address })),
    ports: entry.ports ?? [],
    routes: listOf(previous.routes, "prevResult.routes").map((item) => {
      const route = objectOf(item, "prevResult.routes");
      const gw = textOf(route.gw, "prevResult.routes.gw");
      return { dst: textOf(route.dst, "prevResult.routes.dst") ?? "", ...(gw === undefined ? {} : { gw }) };
    }),
  };
}

/** Addresses of the previous result on this pod's interface that the ledger does not know, and the other way round. */
function ledgerDifferences(entry: LedgerEntry, previous: JsonObject): readonly string[] {
  if (previous.ips === undefined) return [];
  const told = listOf(previous.ips, "prevResult.ips").map((item) =>
    textOf(objectOf(item, "prevResult.ips").address, "prevResult.ips.address"),
  );
  const missing = entry.addresses.filter((address) => !told.includes(address));
  return missing.map((address) => `the previous result has not the address ${address} of the ledger`);
}
