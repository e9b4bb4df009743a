import { describe, expect, test } from "@jest/globals";
import { readNetworkData } from "./network-data.ts";
import { readRequest } from "./request.ts";

const CONFIG = { cniVersion: "1.1.0", name: "pods", type: "pharos" };
const PARAMETERS = { containerID: "c1", ifname: "eth0", args: undefined };
const annotated = (annotations: object) => ({ ...CONFIG, runtimeConfig: { "io.kubernetes.cri.pod-annotations": annotations } });

describe("readRequest", () => {
  test("reads pod, bridge and address from where Kubernetes puts them", () => {
    const config = annotated({ "pharos.io/bridge": "podBr1", "pharos.io/ip": "10.2.1.5, fd00::5", other: "x" });
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=perception-pod;K8S_POD_UID=7";
    expect(readRequest(config, { ...PARAMETERS, args })).toEqual({
      key: { network: "pods", containerID: "c1", ifname: "eth0" },
      pod: { namespace: "default", name: "perception-pod" },
      bridges: ["podBr1"],
      addresses: [
        { address: "10.2.1.5", path: "pharos.io/ip" },
        { address: "fd00::5", path: "pharos.io/ip" },
      ],
      ports: [],
    });
  });

  test("reads whether the address is to be kept for the pod's name; neither true nor false is refused", () => {
    const sticky = (value: string) => readRequest(annotated({ "pharos.io/sticky-ip": value }), PARAMETERS).sticky;
    expect([sticky("true"), sticky("false")]).toEqual([true, undefined]);
    expect(() => sticky("yes")).toThrow(/neither true nor false: "yes"/);
  });

  test("reads a list of bridges, and addresses for each", () => {
    const config = annotated({ "pharos.io/bridge": "br0, br1", "pharos.io/ip": "10.2.1.5, br1=10.3.1.5/24" });
    expect(readRequest(config, PARAMETERS)).toMatchObject({
      bridges: ["br0", "br1"],
      addresses: [{ address: "10.2.1.5" }, { address: "10.3.1.5", length: 24, bridge: "br1" }],
    });
  });

  test.each([
    [
      "runtimeConfig.mac",
      { ...CONFIG, runtimeConfig: { mac: "02-00-00-00-00-0A" }, args: { cni: { mac: "02:00:00:00:00:02" } } },
      "MAC=02:00:00:00:00:03",
      "0a",
    ],
    ["args.cni.mac", { ...CONFIG, args: { cni: { mac: "02:00:00:00:00:02" } } }, "MAC=02:00:00:00:00:03", "02"],
    ["MAC of CNI_ARGS", CONFIG, "MAC=02:00:00:00:00:03", "03"],
  ])("takes the hardware address of %s before any that counts less", (_what, config, args, last) => {
    expect(readRequest(config, { ...PARAMETERS, args }).mac).toBe(`02:00:00:00:00:${last}`);
  });

  test.each([
    ["the capability ips, with a length", { ...CONFIG, runtimeConfig: { ips: ["10.2.1.5/24"] } }, undefined],
    ["CNI_ARGS", CONFIG, "IP=10.2.1.5"],
    ["args.cni.ips", { ...CONFIG, args: { cni: { ips: ["10.2.1.5"] } } }, undefined],
    ["two ways that agree", { ...CONFIG, runtimeConfig: { ips: ["10.2.1.5"] } }, "IP=10.2.1.5"],
  ])("takes a fixed address from %s", (_what, config, args) => {
    const { addresses } = readRequest(config, { ...PARAMETERS, args });
    expect(new Set(addresses.map(({ address }) => address))).toEqual(new Set(["10.2.1.5"]));
  });

  test.each([
    ["a bridge that is named twice", annotated({ "pharos.io/bridge": "br0,br1,br0" }), PARAMETERS, "PHAROS-2201"],
    ["an address for what cannot be a bridge", annotated({ "pharos.io/ip": "a/b=10.2.1.5" }), PARAMETERS, "PHAROS-2201"],
    ["an address that is none", annotated({ "pharos.io/ip": "10.2.1" }), PARAMETERS, "PHAROS-2201"],
    ["a bridge that could not be an interface", annotated({ "pharos.io/bridge": "../../etc" }), PARAMETERS, "PHAROS-2201"],
    ["annotations that are a list", { ...CONFIG, runtimeConfig: { "io.kubernetes.cri.pod-annotations": [] } }, PARAMETERS, "PHAROS-2201"],
    ["a multicast hardware address", { ...CONFIG, runtimeConfig: { mac: "01:00:00:00:00:01" } }, PARAMETERS, "PHAROS-2201"],
    ["no network name", { cniVersion: "1.1.0" }, PARAMETERS, "PHAROS-2201"],
    ["no container", CONFIG, { ...PARAMETERS, containerID: undefined }, "PHAROS-2202"],
    ["a container that climbs", CONFIG, { ...PARAMETERS, containerID: "../x" }, "PHAROS-2202"],
    ["an interface name of 16 bytes", CONFIG, { ...PARAMETERS, ifname: "abcdefghijklmnop" }, "PHAROS-2202"],
    ["CNI_ARGS that are no pairs", CONFIG, { ...PARAMETERS, args: "IP" }, "PHAROS-2202"],
  ])("refuses %s", (_what, config, parameters, code) => {
    expect(() => readRequest(config, parameters)).toThrow(expect.objectContaining({ code }));
  });
});

describe("readNetworkData", () => {
  const range = {
    subnet: "FD00::5/64",
    block: "fd00::/64",
    rangeStart: "FD00:0::2",
    rangeEnd: "fd00::9",
    gateway: "fd00:0:0::1",
    exclude: ["FD00::3"],
  };
  const bridge = { name: "br0", isGateway: true, ipMasq: false, ranges: [range], routes: [{ dst: "::/0" }] };

  test("brings addresses to canonical text, since they are compared as such", () => {
    expect(readNetworkData({ version: 1, bridges: [bridge] }).bridges[0]?.ranges[0]).toEqual({
      subnet: "fd00::/64",
      block: "fd00::/64",
      rangeStart: "fd00::2",
      rangeEnd: "fd00::9",
      gateway: "fd00::1",
      exclude: ["fd00::3"],
    });
  });

  test.each([
    ["another version", { version: 2, bridges: [] }, "version is 2"],
    ["no object", "text", "network data is not an object"],
    ["a bridge name that is none", { version: 1, bridges: [{ ...bridge, name: "a/b" }] }, "bridges[0].name"],
    [
      "a block outside its subnet",
      { version: 1, bridges: [{ ...bridge, ranges: [{ ...range, block: "fd01::/64" }] }] },
      "bridges[0].ranges[0].block",
    ],
    ["a range outside its block", { version: 1, bridges: [{ ...bridge, ranges: [{ ...range, rangeEnd: "fd01::9" }] }] }, "fd01::9"],
    ["a route that is none", { version: 1, bridges: [{ ...bridge, routes: [{ dst: "default" }] }] }, "bridges[0].routes[0].dst"],
    ["an MTU that is none", { version: 1, bridges: [{ ...bridge, mtu: 12 }] }, "bridges[0].mtu"],
  ])("refuses %s and names the field", (_what, data, message) => {
    expect(() => readNetworkData(data)).toThrow(
      expect.objectContaining({ code: "PHAROS-2203", cause: expect.objectContaining({ message: expect.stringContaining(message) }) }),
    );
  });
});
