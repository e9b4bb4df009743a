import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import { diff, EMPTY_STATE, type HostState, type Link, planOf, renderPlan, type Step, scopeOf } from "@pharos/hoststate";
import { KERNEL_CODES } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { linuxKernel } from "./linux.ts";
import { withNamespace } from "./namespace.ts";

const BRIDGE: Link = { kind: "bridge", name: "br0", callIptables: true, multicastSnooping: true };

describe("Linux", () => {
  const name = `phd${process.pid}`;
  const path = `/run/netns/${name}`;
  let root = "";
  let kernel: Kernel;
  const ip = (...args: readonly string[]): string => execFileSync("ip", ["-n", name, ...args], { encoding: "utf8" });
  const linkLine = (link: string): string => ip("-d", "link", "show", link);
  const become = async (desired: Partial<HostState>, former: Partial<HostState> = {}): Promise<string> => {
    const wanted = { ...EMPTY_STATE, ...desired };
    const scope = scopeOf(wanted, { ...EMPTY_STATE, ...former });
    const steps = planOf(diff(await kernel.observe(scope), wanted));
    const { failed } = await kernel.apply(steps);
    expect(failed?.error).toBeUndefined();
    expect(renderPlan(planOf(diff(await kernel.observe(scope), wanted)))).toBe("nothing to do\n");
    return renderPlan(steps);
  };

  beforeEach(async () => {
    execFileSync("ip", ["netns", "add", name]);
    root = mkdtempSync(join(tmpdir(), "pharos-details-"));
    kernel = await linuxKernel({ log: silentLog, root, namespacePath: path });
  });
  afterEach(async () => {
    await kernel.close();
    execFileSync("ip", ["netns", "delete", name]);
    rmSync(root, { recursive: true });
  });

  test("a bridge keeps its hardware address when a port with a lower one joins", async () => {
    await become({ links: [BRIDGE] });
    const before = /link\/ether (\S+)/.exec(linkLine("br0"))?.[1];
    ip("link", "add", "low", "address", "00:00:00:00:00:01", "type", "veth", "peer", "name", "low1");
    ip("link", "set", "low", "master", "br0");
    expect(/link\/ether (\S+)/.exec(linkLine("br0"))?.[1]).toBe(before);
  });

  test("a bridge that somebody deleted comes back with its hardware address, which its neighbours have in their caches", async () => {
    await become({ links: [BRIDGE] });
    const macOf = () => /link\/ether (\S+)/.exec(linkLine("br0"))?.[1];
    const before = macOf();
    ip("link", "delete", "br0");
    await become({ links: [BRIDGE] });
    expect([before, macOf()]).toEqual([expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/), before]);
  });

  test("a bridge has its own netfilter flags, not those of the sysctl", async () => {
    await become({ links: [BRIDGE] });
    expect(linkLine("br0")).toMatch(/nf_call_iptables 1 nf_call_ip6tables 1/);
    await become({ links: [{ ...BRIDGE, callIptables: false }] });
    expect(linkLine("br0")).toMatch(/nf_call_iptables 0 nf_call_ip6tables 0/);
  });

  test("a bridge that somebody made under our name is adopted with its ports", async () => {
    ip("link", "add", "br0", "type", "bridge");
    ip("link", "add", "pod", "type", "veth", "peer", "name", "pod1");
    ip("link", "set", "pod", "master", "br0");
    expect(await become({ links: [BRIDGE] })).toMatch(/^link set bridge br0 .*\(was physical br0/);
    expect(linkLine("pod")).toContain("master br0");
    expect(linkLine("br0")).toContain("alias pharos");
  });

  test("a link of another kind under our name is refused and kept", async () => {
    ip("link", "add", "br0", "type", "veth", "peer", "name", "other");
    const { failed } = await kernel.apply([{ kind: "link.set", link: BRIDGE, observed: { kind: "physical", name: "br0" } }]);
    expect(failed?.error.code).toBe(KERNEL_CODES.linkForeign.code);
    expect(linkLine("br0")).toContain("veth");
    expect(linkLine("br0")).not.toContain("alias");
  });

  test("pod links are never shown, also not when somebody asks for them", async () => {
    ip("link", "add", "pod0", "type", "veth", "peer", "name", "pod1");
    ip("link", "set", "pod0", "alias", "pharos-pod x");
    ip("address", "add", "10.1.0.1/24", "dev", "pod0");
    const scope = scopeOf({
      ...EMPTY_STATE,
      links: [{ kind: "physical", name: "pod0" }],
      addresses: [{ link: "pod0", address: "10.1.0.1/24" }],
    });
    expect(await kernel.observe(scope)).toEqual(EMPTY_STATE);
  });

  test("an IPv6 address changes its prefix length", async () => {
    const at = (address: string): Partial<HostState> => ({ links: [BRIDGE], addresses: [{ link: "br0", address }] });
    await become(at("fd00::1/64"));
    await become(at("fd00::1/80"));
    expect(ip("-6", "address", "show", "br0", "scope", "global")).toContain("fd00::1/80");
  });

  test("the setting that keeps secondary addresses is put back", async () => {
    const all = ["10.1.0.1/24", "10.1.0.2/24"].map((address) => ({ link: "br0", address }));
    await become({ links: [BRIDGE], addresses: all });
    const setting = (): string =>
      execFileSync("ip", ["netns", "exec", name, "cat", "/proc/sys/net/ipv4/conf/br0/promote_secondaries"], { encoding: "utf8" });
    expect(setting()).toBe("0\n");
    await become({ links: [BRIDGE], addresses: all.slice(1) });
    expect(setting()).toBe("0\n");
  });

  test("deleting a route leaves the kernel's own and other metrics", async () => {
    const base = { destination: "10.1.0.0/24", table: 254, metric: 0, type: "unicast", link: "br0" } as const;
    await become({ links: [BRIDGE], addresses: [{ link: "br0", address: "10.1.0.1/24" }] });
    ip("route", "add", "192.168.8.0/24", "dev", "br0", "metric", "9");
    const steps: Step[] = [base, { ...base, destination: "192.168.8.0/24" }].map((route) => ({ kind: "route.delete", route }));
    expect((await kernel.apply(steps)).failed).toBeUndefined();
    expect(ip("route")).toMatch(/10\.1\.0\.0\/24 dev br0 proto kernel .*\n192\.168\.8\.0\/24 dev br0 scope link metric 9/);
  });

  test("a sysctl that does not exist, or is outside of net, is refused", async () => {
    for (const sysctlPath of ["net/ipv4/none", "kernel/hostname", "net/../kernel/hostname"]) {
      const { failed } = await kernel.apply([{ kind: "sysctl.set", sysctl: { path: sysctlPath, value: "1" } }]);
      expect([sysctlPath, failed?.error.code]).toEqual([sysctlPath, KERNEL_CODES.sysctlRefused.code]);
    }
  });

  test("facts name who else manages an interface", async () => {
    ip("link", "add", "e0", "type", "veth", "peer", "name", "e1");
    const index = Number(/^(\d+):/.exec(linkLine("e0"))?.[1]);
    mkdirSync(join(root, "run/systemd/netif/links"), { recursive: true });
    writeFileSync(join(root, `run/systemd/netif/links/${index}`), "");
    const { interfaces, ...abilities } = await kernel.facts();
    expect(interfaces.map((item) => [item.name, item.up, item.manager])).toEqual([
      ["e0", false, "networkd"],
      ["e1", false, undefined],
      ["lo", false, undefined],
    ]);
    expect(abilities).toEqual({ bridgeNetfilter: true, nftables: true, ipv6: true });
  });

  test("lost events are told as an overrun", async () => {
    const stop = new AbortController();
    const events = kernel.events(stop.signal)[Symbol.asyncIterator]();
    const first = events.next();
    // The event loop does not run meanwhile, so nobody reads, and the receive buffer of the socket overflows.
    const lines = Array.from({ length: 20_000 }, (_, n) => `route add 10.${n >> 8}.${n & 255}.0/24 dev lo`);
    execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
    execFileSync("ip", ["-n", name, "-batch", "-"], { input: lines.join("\n") });
    const seen = [(await first).value?.section];
    while (!seen.includes("overrun")) seen.push((await events.next()).value?.section);
    stop.abort();
    expect((await events.next()).done).toBe(true);
  });
});

describe("withNamespace", () => {
  test("comes back, also after an error, and tells of a namespace that is not there", () => {
    const home = (): string => execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" });
    const before = home();
    expect(() =>
      withNamespace("/proc/self/ns/net", () => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(() => withNamespace("/run/netns/none", () => 1)).toThrow(expect.objectContaining({ code: KERNEL_CODES.namespace.code }));
    expect(() => withNamespace("/etc/hostname", () => 1)).toThrow(expect.objectContaining({ code: KERNEL_CODES.namespace.code }));
    expect(home()).toBe(before);
  });
});
