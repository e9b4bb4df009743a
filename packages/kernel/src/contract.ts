import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  diff,
  EMPTY_STATE,
  type HostState,
  isEmpty,
  type Link,
  normalize,
  planOf,
  renderPlan,
  renderState,
  type Step,
  scopeOf,
} from "@pharos/hoststate";
import { KERNEL_CODES } from "./codes.ts";
import type { Kernel, Outcome } from "./kernel.ts";
import { NetlinkError } from "./netlink/netlink-error.ts";

/** The interface that a kernel under test has from the start, up and not ours, with its address. */
export const FOREIGN_INTERFACE = { name: "eth0", mtu: 1500, up: true, addresses: ["192.0.2.1/24"] } as const;

const BRIDGE: Link = { kind: "bridge", name: "br0", callIptables: true, multicastSnooping: false };
const NETWORK: HostState = normalize({
  ...EMPTY_STATE,
  links: [BRIDGE, { kind: "veth", name: "va", peer: "vb", master: "br0" }, { kind: "veth", name: "vb", peer: "va", mtu: 1400 }],
  addresses: [
    { link: "br0", address: "10.1.0.1/24" },
    { link: "br0", address: "fd01::1/64" },
  ],
  policyRules: [{ family: "ipv4", priority: 20000, from: "10.1.0.0/24", table: 100 }],
  routes: [
    { destination: "10.2.0.0/16", table: 254, metric: 0, type: "unicast", gateway: "10.1.0.254", link: "br0" },
    { destination: "192.168.8.0/24", table: 254, metric: 0, type: "unicast", link: "br0", scope: "link" },
    { destination: "fd02::/64", table: 100, metric: 1024, type: "unicast", gateway: "fd01::fe", link: "br0" },
    { destination: "10.66.0.0/16", table: 254, metric: 0, type: "blackhole" },
  ],
});

const of = (part: Partial<HostState>): HostState => normalize({ ...EMPTY_STATE, ...part });

/** Brings `kernel` to `desired`; items of `former` that are gone are deleted. */
async function become(kernel: Kernel, desired: HostState, former: HostState = EMPTY_STATE): Promise<Outcome> {
  return kernel.apply(planOf(diff(await kernel.observe(scopeOf(desired, former)), desired)));
}

/** What is left to do for `desired`. */
async function left(kernel: Kernel, desired: HostState, former: HostState = EMPTY_STATE): Promise<string> {
  return renderPlan(planOf(diff(await kernel.observe(scopeOf(desired, former)), desired)));
}

const NOTHING = renderPlan([]);

/** What a refused step was refused with. */
function refusal({ failed }: Outcome): string | undefined {
  return failed?.error instanceof NetlinkError ? failed.error.reason : failed?.error.code;
}

/** The kernel under test; a fresh host with `FOREIGN_INTERFACE` for each test. */
export interface KernelUnderTest {
  readonly kernel: Kernel;
  close(): Promise<void>;
}

/** What every implementation of `Kernel` must do. */
export function kernelContract(name: string, make: () => Promise<KernelUnderTest>): void {
  describe(`${name} as a kernel`, () => {
    let host: KernelUnderTest;
    let kernel: Kernel;
    beforeEach(async () => {
      host = await make();
      kernel = host.kernel;
    });
    afterEach(async () => {
      await kernel.close();
      await host.close();
    });
    networkCases(() => kernel);
    ownershipCases(() => kernel);
    refusalCases(() => kernel);
    otherCases(() => kernel);
  });
}

function networkCases(kernel: () => Kernel): void {
  test("shows nothing of ours on a host where we were never", async () => {
    expect(renderState(await kernel().observe(scopeOf()))).toBe("nothing\n");
  });

  test("is what was desired after the plan, and needs no second one", async () => {
    expect((await become(kernel(), NETWORK)).failed).toBeUndefined();
    expect(await left(kernel(), NETWORK)).toBe(NOTHING);
  });

  test("shows all that is ours without a scope", async () => {
    await become(kernel(), NETWORK);
    const { links, addresses, policyRules, routes } = await kernel().observe(scopeOf());
    expect(links.map((link) => link.name)).toEqual(["br0", "va", "vb"]);
    expect({ addresses, policyRules }).toEqual({ addresses: NETWORK.addresses, policyRules: NETWORK.policyRules });
    expect(routes.map(({ destination }) => destination)).toEqual(NETWORK.routes.map(({ destination }) => destination));
  });

  test("takes every step twice", async () => {
    const build = planOf(diff(EMPTY_STATE, NETWORK));
    expect((await kernel().apply([...build, ...build])).failed).toBeUndefined();
    const deletions: Step[] = [
      ...NETWORK.routes.map((route): Step => ({ kind: "route.delete", route })),
      ...NETWORK.policyRules.map((rule): Step => ({ kind: "policy-rule.delete", rule })),
      ...NETWORK.addresses.map((address): Step => ({ kind: "address.delete", address })),
      ...NETWORK.links.map((link): Step => ({ kind: "link.delete", link })),
    ];
    expect((await kernel().apply([...deletions, ...deletions])).failed).toBeUndefined();
    expect(renderState(await kernel().observe(scopeOf()))).toBe("nothing\n");
  });

  test("drops addresses and routes with their link", async () => {
    await become(kernel(), NETWORK);
    await kernel().apply([{ kind: "link.delete", link: BRIDGE }]);
    const { addresses, routes } = await kernel().observe(scopeOf(NETWORK));
    expect({ addresses, routes }).toEqual({
      addresses: [],
      routes: [{ destination: "10.66.0.0/16", table: 254, metric: 0, type: "blackhole" }],
    });
  });

  test("keeps the other addresses of a subnet when the first one goes", async () => {
    const before = of({
      links: [BRIDGE],
      addresses: ["10.1.0.1/24", "10.1.0.2/24", "10.1.0.3/24"].map((address) => ({ link: "br0", address })),
    });
    const after = { ...before, addresses: before.addresses.slice(1) };
    await become(kernel(), before);
    expect((await become(kernel(), after)).failed).toBeUndefined();
    expect((await kernel().observe(scopeOf(before))).addresses).toEqual(after.addresses);
  });

  test("drops IPv4 routes with their link's last IPv4 address", async () => {
    const route = { destination: "192.168.8.0/24", table: 254, metric: 0, type: "unicast", link: "br0", scope: "link" } as const;
    const address = { link: "br0", address: "10.1.0.1/24" };
    await become(kernel(), of({ links: [BRIDGE], addresses: [address], routes: [route] }));
    await kernel().apply([{ kind: "address.delete", address }]);
    expect((await kernel().observe(scopeOf())).routes).toEqual([]);
  });
}

function ownershipCases(kernel: () => Kernel): void {
  const eth0 = { kind: "physical", name: "eth0" } as const;

  test("shows an interface that is not ours only when it is asked for, and never deletes it", async () => {
    const declared = of({ links: [eth0], addresses: [{ link: "eth0", address: "192.0.2.1/24" }] });
    expect(await left(kernel(), declared)).toBe(NOTHING);
    expect((await become(kernel(), of({}), of({ links: [eth0] }))).done).toEqual([]);
    expect(refusal(await kernel().apply([{ kind: "link.delete", link: eth0 }]))).toBe(KERNEL_CODES.linkForeign.code);
    expect((await kernel().facts()).interfaces).toContainEqual(expect.objectContaining(FOREIGN_INTERFACE));
  });

  test("makes a foreign interface a port of our bridge and releases it", async () => {
    const joined = of({ links: [BRIDGE, { ...eth0, master: "br0" }] });
    await become(kernel(), joined);
    expect((await kernel().facts()).interfaces).toContainEqual(expect.objectContaining({ name: "eth0", master: "br0" }));
    await become(kernel(), of({ links: [BRIDGE] }), joined);
    expect((await kernel().facts()).interfaces.find(({ name }) => name === "eth0")?.master).toBeUndefined();
  });

  test("deletes up to the link that is not ours, among several", async () => {
    await become(kernel(), of({ links: [BRIDGE, { kind: "vxlan", name: "vx0", vni: 7, port: 4789, learning: true }] }));
    const steps = ["vx0", "eth0", "br0"].map((name): Step => ({ kind: "link.delete", link: { kind: "dummy", name } }));
    const outcome = await kernel().apply(steps);
    expect({ done: outcome.done, code: refusal(outcome) }).toEqual({ done: steps.slice(0, 1), code: KERNEL_CODES.linkForeign.code });
    expect((await kernel().observe(scopeOf())).links.map(({ name }) => name)).toEqual(["br0"]);
  });

  test("does not make a link of another kind out of ours", async () => {
    await become(kernel(), of({ links: [BRIDGE] }));
    const outcome = await kernel().apply([
      { kind: "link.create", link: { kind: "vxlan", name: "br0", vni: 7, port: 4789, learning: true } },
    ]);
    expect(refusal(outcome)).toBe(KERNEL_CODES.linkForeign.code);
    expect(await left(kernel(), of({ links: [BRIDGE] }))).toBe(NOTHING);
  });

  test("does not make a bridge out of an interface that is not ours", async () => {
    const wrong: Link = { ...BRIDGE, name: FOREIGN_INTERFACE.name };
    const outcome = await kernel().apply([{ kind: "link.set", link: wrong, observed: eth0 }]);
    expect(refusal(outcome)).toBe(KERNEL_CODES.linkForeign.code);
    expect((await kernel().facts()).interfaces).toContainEqual(expect.objectContaining(FOREIGN_INTERFACE));
  });
}

function refusalCases(kernel: () => Kernel): void {
  test("says how far it came, and does not go on after a refusal", async () => {
    const steps: Step[] = [
      { kind: "link.create", link: BRIDGE },
      { kind: "address.add", address: { link: "none", address: "10.1.0.1/24" } },
      { kind: "address.add", address: { link: "br0", address: "10.1.0.1/24" } },
    ];
    const outcome = await kernel().apply(steps);
    expect({ done: outcome.done, step: outcome.failed?.step }).toEqual({ done: steps.slice(0, 1), step: steps[1] });
    expect(refusal(outcome)).toBe(KERNEL_CODES.linkMissing.code);
    expect((await kernel().observe(scopeOf())).addresses).toEqual([]);
  });

  test.each([
    ["10.2.0.0/16", "10.1.0.254", "ENETUNREACH"],
    ["fd02::/64", "fd01::fe", "EHOSTUNREACH"],
  ])("refuses a route to %s by a gateway that is no neighbour", async (destination, gateway, reason) => {
    await become(kernel(), of({ links: [BRIDGE] }));
    const metric = destination.includes(":") ? 1024 : 0;
    const outcome = await kernel().apply([
      { kind: "route.replace", route: { destination, table: 254, metric, type: "unicast", gateway, link: "br0" } },
    ]);
    expect(refusal(outcome)).toBe(reason);
  });

  test("refuses a route from an address that the host does not have", async () => {
    await become(kernel(), of({ links: [BRIDGE] }));
    const route = {
      destination: "192.168.8.0/24",
      table: 254,
      metric: 0,
      type: "unicast",
      link: "br0",
      scope: "link",
      source: "10.9.9.9",
    } as const;
    expect(refusal(await kernel().apply([{ kind: "route.replace", route }]))).toBe("EINVAL");
  });

  test("refuses a second tunnel with the identifier of another", async () => {
    const tunnel = { kind: "vxlan", name: "vx0", vni: 7, port: 4789, learning: true } as const;
    const again: Step = { kind: "link.create", link: { ...tunnel, name: "vx1" } };
    expect(refusal(await kernel().apply([{ kind: "link.create", link: tunnel }, again]))).toBe("EEXIST");
  });

  test("refuses a link in a bridge that is not there", async () => {
    const outcome = await kernel().apply([
      { kind: "link.set", link: { kind: "physical", name: "eth0", master: "none" }, observed: { kind: "physical", name: "eth0" } },
    ]);
    expect(refusal(outcome)).toBe(KERNEL_CODES.linkMissing.code);
  });

  test("refuses a change of a link that is not there", async () => {
    expect(refusal(await kernel().apply([{ kind: "link.set", link: BRIDGE, observed: BRIDGE }]))).toBe(KERNEL_CODES.linkMissing.code);
  });
}

function otherCases(kernel: () => Kernel): void {
  test("sets a sysctl and shows it when it is asked for", async () => {
    const desired = of({ links: [BRIDGE], sysctls: [{ path: "net/ipv4/conf/br0/rp_filter", value: "2" }] });
    await become(kernel(), desired);
    expect((await kernel().observe(scopeOf(desired))).sysctls).toEqual(desired.sysctls);
    expect((await kernel().observe(scopeOf())).sysctls).toEqual([]);
  });

  test("shows all links, ours or not, with their bridges", async () => {
    await become(kernel(), NETWORK);
    const links = await kernel().links();
    expect(links.find(({ name }) => name === "va")).toMatchObject({ up: true, master: "br0" });
    expect(links.find(({ name }) => name === FOREIGN_INTERFACE.name)).toMatchObject({ up: true });
  });

  test("writes, replaces and deletes files", async () => {
    const file = { path: "/etc/pharos-contract/a", mode: 0o640, content: "one\n" };
    const one = of({ files: [file] });
    const two = of({ files: [{ ...file, mode: 0o600, content: "two\n" }] });
    await become(kernel(), one);
    expect((await kernel().observe(scopeOf(one))).files).toEqual(one.files);
    await become(kernel(), two);
    expect((await kernel().observe(scopeOf(two))).files).toEqual(two.files);
    await become(kernel(), of({}), two);
    expect((await kernel().observe(scopeOf(two))).files).toEqual([]);
  });

  test("applies a firewall as one transaction, and shows it in the words it was given", async () => {
    const chain = (body: string): HostState =>
      of({
        firewall: [
          {
            kind: "chain",
            name: "forward",
            hook: { type: "filter", hook: "forward", priority: 0, policy: "drop" },
            rules: [{ body, origin: "test" }],
          },
          { kind: "set", name: "pods", type: "ipv4_addr", interval: true, elements: ["10.1.0.0/24"] },
        ],
      });
    const [before, after] = [chain("ip saddr @pods accept"), chain("tcp dport 50000 accept")];
    expect((await become(kernel(), before)).failed).toBeUndefined();
    expect(await left(kernel(), before)).toBe(NOTHING);
    expect((await become(kernel(), after)).failed).toBeUndefined();
    expect(await left(kernel(), after)).toBe(NOTHING);
    const broken = await kernel().apply([
      { kind: "firewall.apply", transaction: "flush chain inet pharos forward\nadd rule inet pharos forward goto missing\n" },
    ]);
    expect(broken.failed).toBeDefined();
    expect(await left(kernel(), after)).toBe(NOTHING);
  });

  test("tells of changes until it is told to stop", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const listening = (async () => {
      for await (const { section } of kernel().events(stop.signal)) {
        seen.push(section);
        if (["links", "addresses", "routes"].every((wanted) => seen.includes(wanted))) stop.abort();
      }
    })();
    await become(kernel(), NETWORK);
    await listening;
    expect(isEmpty(diff(await kernel().observe(scopeOf(NETWORK)), NETWORK))).toBe(true);
  });
}
