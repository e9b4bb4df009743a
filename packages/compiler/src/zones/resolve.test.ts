import { describe, expect, test } from "@jest/globals";
import { formatIp } from "@pharos/hoststate";
import { exampleDocuments } from "../../testing/example.ts";
import { ip, testVehicle } from "../../testing/test-vehicle.ts";
import { buildVehicle } from "../vehicle/build.ts";
import { zonesOfAddress } from "./membership.ts";
import { zoneNames } from "./resolve.ts";
import { zonesOfVehicle } from "./zone.ts";

function exampleZones() {
  const vehicle = buildVehicle({ documents: exampleDocuments() }).value;
  if (vehicle === undefined) throw new Error("the example is a vehicle");
  return zonesOfVehicle(vehicle);
}

function meaning(name: string): string {
  const found = zoneNames(exampleZones()).lookup(name);
  if (found.kind === "unknown") return `unknown, near ${found.suggestions.join(" ")}`;
  if (found.kind === "ambiguous") return `ambiguous: ${found.candidates.join(", ")}`;
  const { zone } = found;
  const addresses = zone.kind === "host" || zone.kind === "interface" ? ` ${zone.addresses.map(formatIp).join(" ")}` : "";
  return `${zone.kind} ${zone.name}${addresses}`;
}

describe("zoneNames", () => {
  test.each([
    ["podBr0", "bridge podBr0"],
    ["soc1", "host soc1 10.1.0.2 10.2.0.1 172.16.1.1"],
    ["vm1", "host vm1 10.2.0.10 10.2.1.1"],
    ["vm1Eth0", "interface vm1Eth0 10.2.0.10"],
    ["eth1", "interface soc1Eth1 172.16.1.1"],
    ["cloud_vm1", "host cloud_vm1 172.16.1.2"],
    ["cloud_vm1Eth0", "interface cloud_vm1Eth0 172.16.1.2"],
    ["world", "world world"],
  ])("%s is %s", (name, expected) => {
    expect(meaning(name)).toBe(expected);
  });

  test("an interface name that several hosts have is ambiguous, and the qualified names are told", () => {
    expect(meaning("eth0")).toBe(
      "ambiguous: cloud_vm1Eth0 (interface), soc1Eth0 (interface), soc2Eth0 (interface), vm1Eth0 (interface), vm2Eth0 (interface)",
    );
  });

  test("an unknown name comes with the nearest ones", () => {
    expect(meaning("podbr1")).toBe("unknown, near podBr0");
    expect(meaning("somethingElse")).toBe("unknown, near ");
  });

  test("one name for a bridge and a host is ambiguous", () => {
    const vehicle = testVehicle({ hosts: [{ name: "pods", interfaces: [] }], bridges: [{ name: "pods", ranges: [] }] });
    expect(zoneNames(zonesOfVehicle(vehicle)).lookup("pods")).toEqual({ kind: "ambiguous", candidates: ["pods (bridge)", "pods (host)"] });
  });
});

describe("zonesOfAddress", () => {
  test.each([
    ["a pod is its bridge's", "10.2.1.5", "podBr0"],
    ["a gateway address is its host's and never the bridge's", "10.2.1.1", "vm1"],
    ["a VM's address on a bridge is the VM's", "10.2.0.10", "vm1Eth0 vm1"],
    ["a guest that no document describes is its bridge's", "10.2.0.99", "vmBr0"],
    ["a cloud VM's address is the cloud VM's", "172.16.1.2", "cloud_vm1Eth0 cloud_vm1"],
    ["what nobody has is the world's, beyond the uplink", "8.8.8.8", "soc1Eth1 world"],
  ])("%s", (_claim, address, zones) => {
    expect(
      zonesOfAddress(exampleZones(), ip(address))
        .map((zone) => zone.name)
        .join(" "),
    ).toBe(zones);
  });
});
