import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import type { PluginRun, TestHost } from "./plugin-harness.ts";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const COUNT = Number(process.env.N ?? "20");
const TINY = { subnet: "10.8.0.0/30", block: "10.8.0.0/30", rangeStart: "10.8.0.1", rangeEnd: "10.8.0.2", exclude: [] };
const DATA = networkOf(
  bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "60"), rangeOf("fd09::/64", "ffff")]),
  bridgeOf("tinyBr", [TINY], { isGateway: false, routes: [] }),
);

const newHost = testHosts("pcni", DATA);

function addressesOf(run: PluginRun): string[] {
  const ips = run.json.ips;
  return Array.isArray(ips) ? ips.map((ip: { address: string }) => ip.address) : [];
}

const onBridge = (bridge: string) => ({ runtimeConfig: { "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": bridge } } });

describe("pharos-cni", () => {
  test("connects two pods with each other and with the gateway, by both families", async () => {
    const host = newHost("a", "b");
    const a = await host.call({ verb: "ADD", pod: "a", args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=perception-pod" });
    const b = await host.call({ verb: "ADD", pod: "b" });
    expect([a.stderr, a.code, b.code]).toEqual(["", 0, 0]);
    expect(addressesOf(a)).toEqual(["10.9.0.2/24", "fd09::2/64"]);
    expect(addressesOf(b)).toEqual(["10.9.0.3/24", "fd09::3/64"]);
    for (const target of ["10.9.0.3", "10.9.0.1", "fd09::3", "fd09::1"]) host.exec("a", "ping", "-c1", "-W2", target);
    expect(host.ip("a", "route", "show", "default")).toMatch(/^default via 10\.9\.0\.1 dev eth0/);
    expect(readLedger(host.stateDir).map(({ pod, addresses }) => ({ pod, addresses }))).toEqual([
      { pod: { namespace: "default", name: "perception-pod" }, addresses: ["10.9.0.2/24", "fd09::2/64"] },
      { pod: undefined, addresses: ["10.9.0.3/24", "fd09::3/64"] },
    ]);
  });

  test("gives the fixed address that a pod asks for, and refuses it to a second pod", async () => {
    const host = newHost("a", "b");
    expect(addressesOf(await host.call({ verb: "ADD", pod: "a", args: "IP=10.9.0.40" }))).toContain("10.9.0.40/24");
    const second = await host.call({ verb: "ADD", pod: "b", config: { runtimeConfig: { ips: ["10.9.0.40/24"] } } });
    expect(second).toMatchObject({ code: 1, json: { code: 11, msg: expect.stringContaining("PHAROS-2206") } });
    expect([host.podLinks().length, readLedger(host.stateDir).length]).toEqual([1, 1]);
  });

  test("DEL frees the address, and is success when repeated and for what was never attached", async () => {
    const host = newHost("a", "b");
    await host.call({ verb: "ADD", pod: "a", config: onBridge("tinyBr") });
    const runs = [];
    for (const pod of ["a", "a", "never"]) runs.push(await host.call({ verb: "DEL", pod }));
    expect(runs.map(({ code, stdout }) => ({ code, stdout }))).toEqual(Array(3).fill({ code: 0, stdout: "" }));
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
    expect(addressesOf(await host.call({ verb: "ADD", pod: "b", args: "IP=10.8.0.1", config: onBridge("tinyBr") }))).toEqual([
      "10.8.0.1/30",
    ]);
  });

  test("answers a repeated ADD with the same result and leaves the pod's link alone, and makes a damaged one whole", async () => {
    const host = newHost("a");
    const first = await host.call({ verb: "ADD", pod: "a" });
    const index = host.ip("a", "-o", "link", "show", "eth0").split(":")[0];
    expect((await host.call({ verb: "ADD", pod: "a" })).json).toEqual(first.json);
    expect(host.ip("a", "-o", "link", "show", "eth0").split(":")[0]).toBe(index);
    host.ip("a", "addr", "flush", "dev", "eth0");
    expect(addressesOf(await host.call({ verb: "ADD", pod: "a" }))).toEqual(addressesOf(first));
    host.exec("a", "ping", "-c1", "-W2", "10.9.0.1");
  });

  test.each([
    [
      "an address is gone",
      (host: TestHost) => host.ip("a", "addr", "del", "10.9.0.2/24", "dev", "eth0"),
      /has not the address 10\.9\.0\.2/,
    ],
    ["a route is gone", (host: TestHost) => host.ip("a", "route", "del", "default"), /route to 0\.0\.0\.0\/0 is missing/],
    [
      "the host's end left the bridge",
      (host: TestHost) => host.ip("host", "link", "set", host.podLinks()[0] ?? "", "nomaster"),
      /not a port of podBr0/,
    ],
    ["the link is gone", (host: TestHost) => host.ip("a", "link", "del", "eth0"), /eth0 is missing/],
  ])("CHECK passes on a whole attachment and fails when %s", async (_what, damage, message) => {
    const host = newHost("a");
    const prevResult = (await host.call({ verb: "ADD", pod: "a" })).json;
    expect(await host.call({ verb: "CHECK", pod: "a", config: { prevResult } })).toMatchObject({ code: 0, stdout: "" });
    damage(host);
    const run = await host.call({ verb: "CHECK", pod: "a", config: { prevResult } });
    expect(run).toMatchObject({ code: 1, json: { code: 103, msg: expect.stringMatching(message) } });
  });

  test("an exhausted range is error 11 and leaves nothing behind", async () => {
    const host = newHost("a", "b", "c");
    for (const pod of ["a", "b"]) expect((await host.call({ verb: "ADD", pod, config: onBridge("tinyBr") })).code).toBe(0);
    const before = readFileSync(join(host.stateDir, "ledger"), "utf8");
    const run = await host.call({ verb: "ADD", pod: "c", config: onBridge("tinyBr") });
    expect(run).toMatchObject({ code: 1, json: { code: 11, msg: expect.stringContaining("PHAROS-2205") } });
    expect(host.podLinks().length).toBe(2);
    expect(readFileSync(join(host.stateDir, "ledger"), "utf8")).toBe(before);
    expect(host.ip("c", "-br", "link")).not.toMatch(/eth0/);
  });

  test("takes everything back when the pod's interface name is taken", async () => {
    const host = newHost("a");
    host.ip("a", "link", "add", "eth0", "type", "bridge");
    const run = await host.call({ verb: "ADD", pod: "a" });
    expect(run).toMatchObject({ code: 1, json: { code: 101, details: expect.stringContaining("EEXIST") } });
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });

  test("concurrent ADDs never share an address", async () => {
    const pods = Array.from({ length: 8 }, (_, index) => `p${index}`);
    const host = newHost(...pods);
    const runs = await Promise.all(pods.map((pod) => host.call({ verb: "ADD", pod })));
    expect(runs.map(({ code }) => code)).toEqual(pods.map(() => 0));
    expect(new Set(runs.flatMap(addressesOf)).size).toBe(2 * pods.length);
  });

  test("goes on from a ledger whose last record was torn", async () => {
    const host = newHost("a", "b");
    await host.call({ verb: "ADD", pod: "a" });
    const path = join(host.stateDir, "ledger");
    appendFileSync(path, '1234abcd {"kind":"put","entry":{"key"');
    expect(addressesOf(await host.call({ verb: "ADD", pod: "b" }))).toEqual(["10.9.0.3/24", "fd09::3/64"]);
    expect(readLedger(host.stateDir).length).toBe(2);
  });

  test.each([
    ["was removed", (path: string) => rmSync(path)],
    ["has a damaged line", (path: string) => writeFileSync(path, readFileSync(path, "utf8").replace("a-id", "x-id"))],
    ["has a damaged last line", (path: string) => writeFileSync(path, readFileSync(path, "utf8").replace("b-id", "x-id"))],
  ])("learns from the kernel which addresses are held when the ledger %s", async (_what, damage) => {
    const host = newHost("a", "b", "c");
    for (const pod of ["a", "b"]) await host.call({ verb: "ADD", pod, args: pod === "a" ? "IP=10.9.0.3" : "IP=10.9.0.2" });
    damage(join(host.stateDir, "ledger"));
    expect(addressesOf(await host.call({ verb: "ADD", pod: "c" }))[0]).toBe("10.9.0.4/24");
    expect(
      readLedger(host.stateDir)
        .map(({ key }) => key.containerID)
        .sort(),
    ).toEqual(["a-id", "b-id", "c-id"]);
    expect((await host.call({ verb: "CHECK", pod: "a" })).stdout).toBe("");
    for (const pod of ["a", "b", "c"]) expect((await host.call({ verb: "DEL", pod })).code).toBe(0);
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });

  test.each([
    ["full", ["-t", "tmpfs", "-o", "size=4k"], 4096, 0],
    ["read-only", ["-t", "tmpfs", "-o", "ro"], 0, undefined],
  ])("a ledger on a %s file system is error 11, and leaves nothing behind", async (_what, mount, fill, size) => {
    const host = newHost("a");
    mkdirSync(host.stateDir);
    execFileSync("mount", [...mount, "tmpfs", host.stateDir]);
    try {
      if (fill > 0) writeFileSync(join(host.stateDir, "filler"), Buffer.alloc(fill));
      expect(await host.call({ verb: "ADD", pod: "a" })).toMatchObject({
        code: 1,
        json: { code: 11, msg: expect.stringContaining("PHAROS-2101") },
      });
      expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
      expect(statSync(join(host.stateDir, "ledger"), { throwIfNoEntry: false })?.size).toBe(size);
      expect(host.ip("a", "-br", "link")).not.toMatch(/eth0/);
      if (fill === 0) return;
      rmSync(join(host.stateDir, "filler"));
      expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
    } finally {
      execFileSync("umount", [host.stateDir]);
    }
  });

  test("DEL on a read-only file system is error 11 and changes nothing; once it is writable again, DEL removes all", async () => {
    const host = newHost("a");
    mkdirSync(host.stateDir);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", host.stateDir]);
    try {
      expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
      execFileSync("mount", ["-o", "remount,ro", host.stateDir]);
      expect((await host.call({ verb: "DEL", pod: "a" })).json).toMatchObject({ code: 11, msg: expect.stringContaining("PHAROS-2101") });
      expect([host.podLinks().length, readLedger(host.stateDir).length]).toEqual([1, 1]);
      execFileSync("mount", ["-o", "remount,rw", host.stateDir]);
      expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
      expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
    } finally {
      execFileSync("umount", [host.stateDir]);
    }
  });

  test(`killed at ${COUNT} random moments, a retry ends with one link, one entry and a reachable pod; DEL leaves nothing`, async () => {
    const host = newHost("a", "b");
    await host.call({ verb: "ADD", pod: "b" });
    let killed = 0;
    for (let round = 0; round < COUNT; round++) {
      const delay = 10 + Math.random() * 60;
      const run = await host.call({
        verb: "ADD",
        pod: "a",
        onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), delay),
      });
      if (run.code === null) killed++;
      const again = await host.call({ verb: "ADD", pod: "a" });
      expect([again.code, host.podLinks().length, readLedger(host.stateDir).length]).toEqual([0, 2, 2]);
      expect(addressesOf(again)).not.toContain("10.9.0.2/24");
      host.exec("a", "ping", "-c1", "-W2", "10.9.0.2");
      await host.call({ verb: "DEL", pod: "a", onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), delay) });
      expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
      expect([host.podLinks().length, readLedger(host.stateDir).length]).toEqual([1, 1]);
    }
    expect(killed).toBeGreaterThan(0);
  }, 600_000);

  test("GC removes what the runtime does not list, and refuses to guess when it lists nothing at all", async () => {
    const host = newHost("a", "b");
    for (const pod of ["a", "b"]) await host.call({ verb: "ADD", pod });
    expect((await host.call({ verb: "GC", pod: "a" })).json).toMatchObject({ code: 7 });
    const valid = { "cni.dev/valid-attachments": [{ containerID: "a-id", ifname: "eth0" }] };
    expect((await host.call({ verb: "GC", pod: "a", config: valid })).code).toBe(0);
    expect(readLedger(host.stateDir).map(({ key }) => key.containerID)).toEqual(["a-id"]);
    expect(host.podLinks().length).toBe(1);
  });

  test("without network data ADD is error 11 and STATUS error 50", async () => {
    const host = newHost("a");
    const config = { pharos: undefined, dataFile: "/nowhere/cni.json" };
    expect((await host.call({ verb: "ADD", pod: "a", config })).json).toMatchObject({ code: 11 });
    expect((await host.call({ verb: "STATUS", pod: "a", config })).json).toMatchObject({ code: 50 });
    expect((await host.call({ verb: "STATUS", pod: "a" })).code).toBe(0);
  });

  test("refuses the host's own namespace as a pod's", async () => {
    const host = newHost();
    expect((await host.call({ verb: "ADD", pod: "host" })).json).toMatchObject({ code: 4, msg: expect.stringContaining("PHAROS-5005") });
  });
});
