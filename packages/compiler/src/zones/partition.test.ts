import { describe, expect, test } from "@jest/globals";
import { bitsOf, type Family, formatIp, type Ip } from "@pharos/hoststate";
import fc from "fast-check";
import { randomVehicles } from "../../testing/random-vehicles.ts";
import { ip, testVehicle } from "../../testing/test-vehicle.ts";
import { zonesOfAddress } from "./membership.ts";
import { type Atom, classOfAddress, partition } from "./partition.ts";
import { rangeText } from "./range-text.ts";
import { zonesOfVehicle } from "./zone.ts";

const lastValue = (family: Family): bigint => (1n << BigInt(bitsOf(family))) - 1n;

/** Vehicles of a few bridges and hosts whose prefixes nest, touch and overlap. */
const crowded = fc
  .record({
    bridges: fc.array(fc.record({ at: fc.integer({ min: 0, max: 15 }), length: fc.integer({ min: 27, max: 32 }) }), { maxLength: 5 }),
    hosts: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }),
  })
  .map(({ bridges, hosts }) =>
    testVehicle({
      bridges: bridges.map(({ at, length }, index) => ({
        name: `br${index}`,
        isGateway: false,
        ipMasq: index % 2 === 0,
        ranges: [{ subnet: `10.0.0.${at * 16}/${length}`, blocks: [["h0", `10.0.0.${at * 16}/${length}`, "10.0.0.1"]] }],
      })),
      hosts: hosts.map((address, index) => ({
        name: `h${index}`,
        interfaces: [{ name: "eth0", address: `10.0.0.${address}/24`, uplink: index === 1 }],
      })),
    }),
  );

/** Both ends of every range and what lies beside them. */
function edges(atoms: readonly Atom[]): readonly Ip[] {
  return atoms.flatMap(({ first, last }) =>
    [first.value - 1n, first.value, last.value, last.value + 1n]
      .filter((value) => 0n <= value && value <= lastValue(first.family))
      .map((value) => ({ family: first.family, value })),
  );
}

function differences(vehicle: ReturnType<typeof testVehicle>): readonly string[] {
  const zones = zonesOfVehicle(vehicle);
  const parts = partition(zones);
  return [...edges(parts.ipv4), ...edges(parts.ipv6)].flatMap((address) => {
    const names = (members: readonly { readonly id: string }[]) => members.map((zone) => zone.id).join(" ");
    const [fast, naive] = [names(classOfAddress(parts, address).zones), names(zonesOfAddress(zones, address))];
    return fast === naive ? [] : [`${formatIp(address)}: ${fast} instead of ${naive}`];
  });
}

describe("partition", () => {
  test("gives every address the zones that plain search gives it", () => {
    fc.assert(
      fc.property(crowded, (vehicle) => expect(differences(vehicle)).toEqual([])),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(randomVehicles, (of) => expect(differences(testVehicle(of))).toEqual([])),
      { numRuns: 50 },
    );
  });

  test("covers each address space once, in order, with maximal ranges", () => {
    const property = fc.property(crowded, (vehicle) => {
      for (const atoms of [partition(zonesOfVehicle(vehicle)).ipv4, partition(zonesOfVehicle(vehicle)).ipv6]) {
        expect(atoms[0]?.first.value).toBe(0n);
        expect(atoms.at(-1)?.last.value).toBe(lastValue(atoms[0]?.first.family ?? "ipv4"));
        atoms.slice(1).forEach((atom, index) => {
          const before = atoms[index];
          expect(before?.last.value).toBe(atom.first.value - 1n);
          expect(before?.class).not.toBe(atom.class);
        });
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("names each class once", () => {
    fc.assert(
      fc.property(randomVehicles, (of) => {
        const labels = partition(zonesOfVehicle(testVehicle(of))).classes.map((one) => one.label);
        expect(new Set(labels).size).toBe(labels.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("rangeText", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1", "10.0.0.1"],
    ["10.0.0.0", "10.0.0.255", "10.0.0.0/24"],
    ["10.0.0.2", "10.0.0.9", "10.0.0.2-10.0.0.9"],
    ["10.0.0.1", "10.0.0.2", "10.0.0.1-10.0.0.2"],
    ["0.0.0.0", "255.255.255.255", "0.0.0.0/0"],
    ["fd00::", "fd00::ffff:ffff:ffff:ffff", "fd00::/64"],
    ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"],
  ])("%s to %s is %s", (first, last, text) => {
    expect(rangeText(ip(first), ip(last))).toBe(text);
  });
});
