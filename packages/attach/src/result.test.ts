import { expect, test } from "@jest/globals";
import type { Attachment } from "./attachment.ts";
import { CNI_VERSIONS, isCniVersion, resultOf } from "./result.ts";

const ATTACHMENT: Attachment = {
  key: { network: "pods", containerID: "c1", ifname: "eth0" },
  bridge: { name: "podBr0", isGateway: true, ipMasq: false, ranges: [], routes: [] },
  hostName: "pv0123456789ab",
  alias: "pharos-pod:c1:eth0",
  mac: "02:00:00:00:00:01",
  addresses: [{ address: "10.2.1.5/24", gateway: "10.2.1.1" }, { address: "fd00::5/64" }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.2.1.1" }],
  ports: [],
};
const LINKS = { bridgeMac: "02:00:00:00:00:02", hostMac: "02:00:00:00:00:03", mtu: 1500 };
const POD = { netns: "/run/netns/p", dns: { nameservers: ["10.2.1.1"] } };
const ONE = [{ attachment: ATTACHMENT, links: LINKS }];

test("1.1.0 names MTUs and no address version", () => {
  expect(resultOf("1.1.0", ONE, POD)).toEqual({
    cniVersion: "1.1.0",
    interfaces: [
      { name: "podBr0", mac: "02:00:00:00:00:02", mtu: 1500 },
      { name: "pv0123456789ab", mac: "02:00:00:00:00:03", mtu: 1500 },
      { name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500, sandbox: "/run/netns/p" },
    ],
    ips: [
      { address: "10.2.1.5/24", gateway: "10.2.1.1", interface: 2 },
      { address: "fd00::5/64", interface: 2 },
    ],
    routes: [{ dst: "0.0.0.0/0", gw: "10.2.1.1" }],
    dns: POD.dns,
  });
});

test("several interfaces are listed one after the other, and each address points to its own; only the primary tells a gateway", () => {
  const second = { ...ATTACHMENT, key: { ...ATTACHMENT.key, ifname: "net1" }, primary: "eth0", hostName: "pv1", routes: [] };
  const { interfaces, ips } = resultOf("1.0.0", [...ONE, { attachment: second, links: LINKS }], POD);
  expect(interfaces.map(({ name }) => name)).toEqual(["podBr0", "pv0123456789ab", "eth0", "podBr0", "pv1", "net1"]);
  expect(ips).toEqual([
    { address: "10.2.1.5/24", gateway: "10.2.1.1", interface: 2 },
    { address: "fd00::5/64", interface: 2 },
    { address: "10.2.1.5/24", interface: 5 },
    { address: "fd00::5/64", interface: 5 },
  ]);
});

test("1.0.0 has no MTUs", () => {
  expect(JSON.stringify(resultOf("1.0.0", ONE, POD))).not.toMatch(/mtu|version":"[46]/);
});

test.each(["0.3.1", "0.4.0"] as const)("%s names the version of each address", (version) => {
  expect(resultOf(version, ONE, POD).ips.map((ip) => ip.version)).toEqual(["4", "6"]);
});

test("knows the versions that it lists and no other", () => {
  expect([...CNI_VERSIONS, "0.2.0", "1.2.0", ""].filter(isCniVersion)).toEqual(CNI_VERSIONS);
});
