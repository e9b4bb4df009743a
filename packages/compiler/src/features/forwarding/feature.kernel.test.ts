import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, type FirewallObject, planOf } from "@pharos/hoststate";
import { nftFirewall, systemNft } from "@pharos/kernel/nft";
import fc from "fast-check";
import { liveWith } from "../../../testing/compiled-hosts.ts";
import { OWN_PORTS, randomTraffic } from "../../../testing/random-vehicles.ts";
import { testVehicle } from "../../../testing/test-vehicle.ts";
import { forwardingWith } from "./feature.ts";

/** Random documents tried; each is compiled for every host with an agent. */
const CASES = Number(process.env.N ?? 10);
const NAMESPACE = `phfd${process.pid}`;
const firewall = nftFirewall(systemNft({ namespacePath: `/run/netns/${NAMESPACE}` }));

function transactionFor(observed: readonly FirewallObject[], desired: readonly FirewallObject[]): string | undefined {
  const [step] = planOf(diff({ ...EMPTY_STATE, firewall: observed }, { ...EMPTY_STATE, firewall: desired }));
  return step?.kind === "firewall.apply" ? step.transaction : undefined;
}

beforeAll(() => {
  execFileSync("ip", ["netns", "add", NAMESPACE]);
});
afterAll(() => {
  execFileSync("ip", ["netns", "delete", NAMESPACE]);
});

describe("firewalls of forwardRules in a network namespace", () => {
  test("the kernel takes each of them, one after the other, and nothing is left to change afterwards", async () => {
    const feature = forwardingWith({ ownPorts: OWN_PORTS });
    const property = fc.asyncProperty(randomTraffic({ minLength: 0, maxLength: 0 }), async ({ of, documents, cluster }) => {
      const vehicle = testVehicle(of);
      const live = liveWith(cluster);
      const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
      for (const host of vehicle.hosts.filter((known) => known.managed)) {
        const desired = feature({ vehicle, host, documents, live, facts }).contribution.firewall ?? [];
        const transaction = transactionFor(await firewall.observe(), desired);
        if (transaction !== undefined) await firewall.apply(transaction);
        expect(transactionFor(await firewall.observe(), desired)).toBeUndefined();
      }
    });
    await fc.assert(property, { numRuns: CASES, endOnFailure: true });
  }, 300_000);
});
