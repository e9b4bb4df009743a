import { describe, expect, test } from "@jest/globals";
import { type TestHost, testVehicle } from "../../testing/test-vehicle.ts";
import { worldSides } from "./world-exits.ts";
import { zonesOfVehicle } from "./zone.ts";

const soc1: TestHost = {
  name: "soc1",
  interfaces: [
    { name: "eth0", address: "10.1.0.2/24" },
    { name: "eth9", address: "198.51.100.2/24", segment: "out", uplink: true },
  ],
};
const soc2: TestHost = {
  name: "soc2",
  interfaces: [
    { name: "eth0", address: "10.1.0.3/24", gateway: "10.1.0.2" },
    { name: "eth8", address: "203.0.113.2/24", segment: "out2", uplink: true },
  ],
};
const soc3: TestHost = { name: "soc3", interfaces: [{ name: "eth0", address: "10.1.0.4/24", gateway: "10.1.0.2" }] };
const soc4: TestHost = { name: "soc4", interfaces: [{ name: "eth0", address: "10.1.0.5/24" }] };
const vm: TestHost = { name: "vm", kind: "vm", parent: "soc3", interfaces: [{ name: "eth0", address: "10.2.0.10/24", segment: "wire" }] };

function sides(name: string, ports: readonly { readonly host: string; readonly interface: string }[] = []): readonly string[] {
  const vehicle = testVehicle({ hosts: [soc1, soc2, soc3, soc4, vm], bridges: [{ name: "outBr", bridgeFor: "cloud", ranges: [], ports }] });
  const host = vehicle.hosts.find((known) => known.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return worldSides(vehicle, host, zonesOfVehicle(vehicle)).map(
    (side) => `${side.device ?? "elsewhere"}: ${side.zones.map((zone) => zone.name).join(" ")}`,
  );
}

describe("worldSides", () => {
  test("an uplink's host tells by the device what lies beyond it", () => {
    expect(sides("soc1")).toEqual(["eth9: soc1Eth9 world", "elsewhere: soc2Eth8 world"]);
  });

  test("beside its own uplink a host sees those that its gateway leads to", () => {
    expect(sides("soc2")).toEqual(["eth8: soc2Eth8 world", "elsewhere: soc1Eth9 world"]);
  });

  test("a host without an uplink reaches only those that its gateway leads to", () => {
    expect(sides("soc3")).toEqual(["elsewhere: soc1Eth9 world"]);
  });

  test("a VM without a gateway goes out through its SoC", () => {
    expect(sides("vm")).toEqual(["elsewhere: soc1Eth9 world"]);
  });

  test("without any gateway every uplink may be meant, and its own host has the last word", () => {
    expect(sides("soc4")).toEqual(["elsewhere: soc1Eth9 soc2Eth8 world"]);
  });

  test("packets of an uplink that is a port of a bridge come in by the bridge", () => {
    expect(sides("soc1", [{ host: "soc1", interface: "eth9" }])[0]).toBe("outBr: soc1Eth9 world");
  });
});
