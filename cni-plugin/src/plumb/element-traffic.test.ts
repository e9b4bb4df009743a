import { expect, test } from "@jest/globals";
import { type PodTraffic, podElements } from "@pharos/attach";
import { elementText } from "@pharos/kernel/netlink";
import fc from "fast-check";
import { trafficByAddress } from "./element-traffic.ts";

const v4 = fc.ipV4().filter((ip) => ip !== "0.0.0.0");
const port = fc.record(
  {
    protocol: fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const),
    hostPort: fc.integer({ min: 1, max: 65535 }),
    containerPort: fc.integer({ min: 1, max: 65535 }),
    hostIP: fc.oneof(v4, fc.constant("fd00::7")),
  },
  { requiredKeys: ["protocol", "hostPort", "containerPort"] },
);
const traffic: fc.Arbitrary<PodTraffic> = fc.record(
  {
    addresses: fc.tuple(v4, fc.integer({ min: 1, max: 9999 })).map(([four, six]) => [`${four}/24`, `fd00::${six}/64`]),
    ports: fc.uniqueArray(port, { maxLength: 4, selector: ({ protocol, hostPort }) => `${protocol}${hostPort}` }),
    masqueradeExcept: fc.uniqueArray(
      fc.constantFrom("10.2.0.0/16", "10.3.1.0/24", "0.0.0.0/0", "192.0.2.1/32", "fd00::/64", "fd01::5/128"),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  },
  { requiredKeys: ["addresses"] },
);

function listed(pods: readonly PodTraffic[]): ReadonlyMap<string, readonly string[]> {
  const bySet = Map.groupBy(pods.flatMap(podElements), ({ set }) => set);
  return new Map([...bySet].map(([set, elements]) => [set, elements.map(elementText)]));
}

/** Pods as the ledger allows them: no two have an address in common. */
const pods = fc
  .uniqueArray(traffic, { maxLength: 3, selector: ({ addresses: [first] }) => first })
  .filter((all) => new Set(all.flatMap(({ addresses }) => addresses)).size === 2 * all.length);

test("elements tell what they were made from: made again they are the same", () => {
  fc.assert(
    fc.property(pods, (all) => {
      const before = listed(all);
      const told = trafficByAddress(before);
      const again = all.map(({ addresses }) => {
        const parts = addresses.map((address) => told.get(address.replace(/\/.*/, "")));
        const kept = parts.flatMap((part) => part?.masqueradeExcept ?? []);
        const isMasqueraded = parts.some((part) => part?.masqueradeExcept !== undefined);
        return { addresses, ports: parts.flatMap((part) => part?.ports ?? []), ...(isMasqueraded ? { masqueradeExcept: kept } : {}) };
      });
      const sorted = (map: ReadonlyMap<string, readonly string[]>) =>
        [...map].map(([set, texts]) => [set, [...new Set(texts)].sort()]).sort();
      expect(sorted(listed(again))).toEqual(sorted(before));
    }),
  );
});
