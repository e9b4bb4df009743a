import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import type { FirewallObject } from "@pharos/hoststate";
import { EMPTY_STATE, renderState } from "@pharos/hoststate";
import { exampleDocuments } from "../../../testing/example.ts";
import type { DocumentSet } from "../../documents.ts";
import { buildVehicle } from "../../vehicle/build.ts";
import { forwarding } from "./feature.ts";

const FOLDER = new URL("../../../golden/forwarding/", import.meta.url);

function firewallOf(documents: DocumentSet, name: string): readonly FirewallObject[] {
  const vehicle = buildVehicle({ documents }).value;
  const host = vehicle?.hosts.find((known) => known.name === name);
  if (vehicle === undefined || host === undefined) throw new Error(`no host ${name}`);
  const live = { podNetworks: [], serviceRegistrations: [] };
  const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
  return forwarding({ vehicle, host, documents, live, facts }).contribution.firewall ?? [];
}

/** Compares with the file, or writes it when UPDATE_GOLDEN is set. */
function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : "");
}

describe("firewall of the vehicle of the specification", () => {
  test.each(["soc1", "soc2", "vm1", "vm2"])("%s: the cloud port is open on the way of vm1, the default drops the rest", (host) => {
    expectGolden(host, renderState({ ...EMPTY_STATE, firewall: firewallOf(exampleDocuments(), host) }));
  });

  test("audit logs and counts instead of dropping", () => {
    const documents = exampleDocuments((yaml) => yaml.replace("enforcement: enforce", "enforcement: audit"));
    expectGolden("soc1-audit", renderState({ ...EMPTY_STATE, firewall: firewallOf(documents, "soc1") }));
  });
});
