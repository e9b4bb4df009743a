import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import { builtPlugin, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const RANGES = [rangeOf("10.9.0.0/24", "9"), rangeOf("fd09::/64", "ff")];
const DATA = networkOf(bridgeOf("podBr0", RANGES, { ipMasq: true, routes: [{ dst: "0.0.0.0/0" }] }));
const WISHES = {
  portMappings: [
    { hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostPort: 5353, containerPort: 53, protocol: "udp", hostIP: "192.0.2.7" },
  ],
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 4_000_000, egressBurst: 400_000 },
};

let host: TestHost;

beforeAll(() => {
  host = new TestHost(`ple${process.pid}r`, builtPlugin(), DATA);
  for (const pod of ["a", "b", "c"]) host.addPod(pod);
}, 180_000);

afterAll(() => host.remove());

const tableText = () => host.exec("host", "nft", "-j", "list", "table", "inet", "pharos_pods");
const entryOfA = () => readLedger(host.stateDir).find(({ key }) => key.containerID === "a-id");

test("a lost ledger comes back with ports, masquerade and limits: GC leaves them alone, and others are refused the port", async () => {
  expect((await host.call({ verb: "ADD", pod: "a", config: { runtimeConfig: WISHES } })).code).toBe(0);
  const before = entryOfA();
  const table = tableText();
  expect(before).toMatchObject({ ports: [{ hostPort: 8080 }, { hostPort: 5353 }], masqueradeExcept: ["10.9.0.0/24", "fd09::/64"] });
  rmSync(join(host.stateDir, "ledger"));
  const valid = [{ containerID: "a-id", ifname: "eth0" }];
  expect(await host.call({ verb: "GC", pod: "a", config: { "cni.dev/valid-attachments": valid } })).toMatchObject({ code: 0 });
  const { netns: _unknown, ...known } = before ?? {};
  expect(entryOfA()).toEqual(known);
  expect(tableText()).toBe(table);
  const { portMappings } = WISHES;
  expect(await host.call({ verb: "ADD", pod: "b", config: { runtimeConfig: { portMappings } } })).toMatchObject({
    code: 1,
    json: { code: 11, msg: expect.stringContaining("PHAROS-2208") },
  });
  expect((await host.call({ verb: "ADD", pod: "c" })).code).toBe(0);
  for (const pod of ["a", "c"]) expect((await host.call({ verb: "DEL", pod })).code).toBe(0);
  expect(host.podLinks()).toEqual([]);
});
