import { describe, expect, test } from "@jest/globals";
import type { PodBridge, PodNetworkData } from "@pharos/hoststate";
import fc from "fast-check";
import { type Attachment, type HeldAttachment, sameKey, turnsOf, withLease } from "./attachment.ts";
import { type AttachmentFacts, decideAttachments, type HeldAttachments } from "./decide-attachments.ts";
import { gatewaysOf } from "./gateways.ts";
import { readIpRanges } from "./ip-ranges.ts";
import { hostNameOf, macOf } from "./names.ts";
import type { PodRequest } from "./request.ts";
import { readRequestedAddresses } from "./requested-addresses.ts";

const BOOT = "boot-1";
const RANGE = {
  subnet: "10.2.1.0/24",
  block: "10.2.1.0/28",
  rangeStart: "10.2.1.2",
  rangeEnd: "10.2.1.6",
  gateway: "10.2.1.1",
  exclude: ["10.2.1.4"],
};
const BRIDGE: PodBridge = {
  name: "podBr0",
  isGateway: true,
  ipMasq: true,
  ranges: [RANGE],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "10.9.0.0/16", gw: "10.2.1.9" }, { dst: "::/0" }],
};
const DATA: PodNetworkData = { version: 1, defaultBridge: "podBr0", bridges: [BRIDGE, { ...BRIDGE, name: "podBr1" }] };

const key = (containerID: string) => ({ network: "pods", containerID, ifname: "eth0" });
const request = (containerID: string, more: Partial<PodRequest> = {}): PodRequest => ({
  key: key(containerID),
  bridges: [],
  addresses: [],
  ports: [],
  ...more,
});
const wanting = (...texts: string[]) => readRequestedAddresses(texts, "pharos.io/ip");
const held = (containerID: string, address: string, more: Partial<HeldAttachment> = {}): HeldAttachment => ({
  key: key(containerID),
  bridge: "podBr0",
  addresses: [address],
  hostName: hostNameOf(key(containerID)),
  mac: macOf(key(containerID)),
  bootId: BOOT,
  ...more,
});
interface Facts extends Partial<Omit<AttachmentFacts, "held">> {
  readonly held?: readonly HeldAttachment[];
  readonly lastOf?: () => readonly string[];
  readonly sticky?: ReadonlyMap<string, readonly string[]>;
}

/** The ledger as a plain list. */
function viewOf({ held: all = [], lastOf = () => [], sticky = new Map() }: Facts): HeldAttachments {
  return {
    family: (its) =>
      all.filter((entry) => sameKey(entry.key, its) || (entry.key.containerID === its.containerID && entry.primary === its.ifname)),
    mentioning: () => all,
    addressesOn: (bridge, bootId) =>
      new Set(
        all
          .filter((entry) => entry.bridge === bridge && entry.bootId === bootId)
          .flatMap(({ addresses }) => addresses.map((text) => text.replace(/\/.*/, ""))),
      ),
    lastOf,
    stickyOf: () => sticky,
  };
}

function decideAll(wanted: PodRequest, facts: Facts = {}): readonly Attachment[] {
  const { data = DATA, bootId = BOOT, masquerades = false } = facts;
  return decideAttachments(wanted, { data, bootId, masquerades, held: viewOf(facts) });
}
function decide(wanted: PodRequest, facts?: Facts): Attachment {
  const [first] = decideAll(wanted, facts);
  if (first === undefined) throw new Error("no attachment");
  return first;
}
const addressOf = (wanted: PodRequest, facts?: Facts) => decide(wanted, facts).addresses.map(({ address }) => address);

describe("decideAttachments", () => {
  test("takes the default bridge, its first free address, and routes by the bridge's gateway for the families the pod has", () => {
    const { bridge, addresses, routes, mac, hostName } = decide(request("a"));
    expect({ bridge: bridge.name, addresses, routes }).toEqual({
      bridge: "podBr0",
      addresses: [{ address: "10.2.1.2/24", gateway: "10.2.1.1", turnOf: "10.2.1.2" }],
      routes: [{ dst: "0.0.0.0/0", gw: "10.2.1.1" }, { dst: "10.9.0.0/16", gw: "10.2.1.9" }, { dst: "224.0.0.0/4" }],
    });
    expect([mac, hostName]).toEqual([macOf(key("a")), hostNameOf(key("a"))]);
  });

  test("takes the bridge that the pod names, and says which there are when it is unknown or there is no default", () => {
    expect(decide(request("a", { bridges: ["podBr1"] })).bridge.name).toBe("podBr1");
    expect(() => decide(request("a", { bridges: ["podBr9"] }))).toThrow("no bridge podBr9 for pods (bridges: podBr0, podBr1)");
    const data: PodNetworkData = { version: 1, bridges: DATA.bridges };
    expect(() => decide(request("a"), { data })).toThrow("no default bridge for pods (bridges: podBr0, podBr1)");
  });

  test.each([
    ["goes on behind the last one", ["10.2.1.2/24"], [], "10.2.1.3/24"],
    ["passes over an excluded one", ["10.2.1.3/24"], [], "10.2.1.5/24"],
    ["goes round", ["10.2.1.6/24"], [], "10.2.1.2/24"],
    ["passes over one that is held", [], [held("b", "10.2.1.2/24")], "10.2.1.3/24"],
    ["takes one that an earlier boot held", [], [held("b", "10.2.1.2/24", { bootId: "boot-0" })], "10.2.1.2/24"],
    ["takes one that is held on another bridge", [], [held("b", "10.2.1.2/24", { bridge: "podBr1" })], "10.2.1.2/24"],
    ["begins at the start when the last one is no longer in the range", ["10.7.7.7/24"], [], "10.2.1.2/24"],
  ])("the search for an address %s", (_what, last, others, wanted) => {
    expect(addressOf(request("a"), { held: others, lastOf: () => last })).toEqual([wanted]);
  });

  test("a full range is an error that names the range", () => {
    const others = ["10.2.1.2/24", "10.2.1.3/24", "10.2.1.5/24", "10.2.1.6/24"].map((address, index) => held(`p${index}`, address));
    expect(() => decide(request("a"), { held: others })).toThrow("no free address in 10.2.1.2 to 10.2.1.6");
  });

  test.each([
    ["is given when free, also outside rangeStart to rangeEnd", "10.2.1.12", "10.2.1.12/24"],
    ["of another pod is refused", "10.2.1.3", /held by another pod/],
    ["of another host's block is refused", "10.2.1.77", /outside 10\.2\.1\.0\/28/],
    ["that is the gateway is refused", "10.2.1.1", /reserved/],
    ["that is the subnet's network address is refused", "10.2.1.0", /reserved/],
    ["that is excluded is refused", "10.2.1.4", /reserved/],
    ["of a family without a range is refused", "fd00::5", /no range for fd00::5/],
  ])("a fixed address %s", (_what, address, wanted) => {
    const decide = () => addressOf(request("a", { addresses: wanting(address) }), { held: [held("b", "10.2.1.3/24")] });
    if (typeof wanted === "string") expect(decide()).toEqual([wanted]);
    else expect(decide).toThrow(wanted);
  });

  test("a running pod keeps bridge, address, name and hardware address whatever the request says now", () => {
    const own = held("a", "10.2.1.6/24", { bridge: "podBr1", hostName: "pvother", mac: "02:00:00:00:00:09" });
    const again = decide(request("a", { bridges: ["podBr0"], addresses: wanting("10.2.1.12"), mac: "02:00:00:00:00:01" }), { held: [own] });
    expect(again).toMatchObject({
      hostName: "pvother",
      mac: "02:00:00:00:00:09",
      bridge: { name: "podBr1" },
      addresses: [{ address: "10.2.1.6/24" }],
    });
  });

  test("a pod that had an address in the boot before gets it again when it is free", () => {
    const own = held("a", "10.2.1.5/24", { bootId: "boot-0" });
    expect(addressOf(request("a"), { held: [own] })).toEqual(["10.2.1.5/24"]);
    expect(addressOf(request("a"), { held: [own, held("b", "10.2.1.5/24")] })).toEqual(["10.2.1.2/24"]);
  });

  test("a pod whose name is remembered gets its addresses again when it asks for it; others get them last", () => {
    const sticky = new Map([
      ["default/web", ["10.2.1.2/24"]],
      ["default/db", ["10.2.1.3/24"]],
    ]);
    const pod = { namespace: "default", name: "db" };
    expect(addressOf(request("a", { pod, sticky: true }), { sticky })).toEqual(["10.2.1.3/24"]);
    expect(addressOf(request("a", { pod }), { sticky })).toEqual(["10.2.1.3/24"]);
    expect(addressOf(request("a"), { sticky })).toEqual(["10.2.1.5/24"]);
    const others = [held("x", "10.2.1.5/24"), held("y", "10.2.1.6/24")];
    expect(addressOf(request("a"), { sticky, held: others })).toEqual(["10.2.1.2/24"]);
    expect(addressOf(request("a", { pod, sticky: true }), { sticky, held: [held("x", "10.2.1.3/24")] })).toEqual(["10.2.1.5/24"]);
  });

  test("gives one address per family, from the first range of the family that has a free one", () => {
    const six = {
      subnet: "fd00::/64",
      block: "fd00::/64",
      rangeStart: "fd00::2",
      rangeEnd: "fd00::ffff:ffff:ffff:ffff",
      gateway: "fd00::1",
      exclude: [],
    };
    const full = { ...RANGE, rangeStart: "10.2.1.2", rangeEnd: "10.2.1.2" };
    const spare = {
      ...RANGE,
      subnet: "10.3.0.0/24",
      block: "10.3.0.0/24",
      rangeStart: "10.3.0.2",
      rangeEnd: "10.3.0.9",
      gateway: "10.3.0.1",
    };
    const data: PodNetworkData = { ...DATA, bridges: [{ ...BRIDGE, ranges: [full, spare, six] }] };
    expect(addressOf(request("a"), { data })).toEqual(["10.2.1.2/24", "fd00::2/64"]);
    expect(addressOf(request("a"), { data, held: [held("b", "10.2.1.2/24")] })).toEqual(["10.3.0.2/24", "fd00::2/64"]);
    expect(decide(request("a"), { data }).routes).toContainEqual({ dst: "::/0", gw: "fd00::1" });
  });

  test("takes addresses from the spans that are asked for, refuses a fixed one elsewhere, and routes by the router that is asked for", () => {
    const spans = readIpRanges([[{ subnet: "10.2.1.8/30", gateway: "10.2.1.9" }]]);
    expect(addressOf(request("a", { spans }))).toEqual(["10.2.1.8/24"]);
    expect(addressOf(request("a", { spans }), { held: [held("b", "10.2.1.8/24")] })).toEqual(["10.2.1.9/24"]);
    expect(() => decide(request("a", { spans, addresses: wanting("10.2.1.3") }))).toThrow(
      "10.2.1.3 lies in none of runtimeConfig.ipRanges",
    );
    const { addresses, routes, gateways } = decide(request("a", { spans, gateways: gatewaysOf(spans) }));
    expect([addresses[0]?.gateway, routes[0], gateways]).toEqual(["10.2.1.9", { dst: "0.0.0.0/0", gw: "10.2.1.9" }, ["10.2.1.9"]]);
    const again = decide(request("a"), { held: [held("a", "10.2.1.8/24", { gateways: ["10.2.1.9"] })] });
    expect(again.routes[0]).toEqual({ dst: "0.0.0.0/0", gw: "10.2.1.9" });
  });

  test("a fixed address on a bridge with a DHCP server is refused", () => {
    const data: PodNetworkData = { ...DATA, bridges: [{ ...BRIDGE, ipam: "dhcp" }] };
    expect(() => decide(request("a", { addresses: wanting("10.2.1.3") }), { data })).toThrow(
      /pharos\.io\/ip wants 10\.2\.1\.3, but bridge podBr0/,
    );
  });

  test("evades the name of another pod's link", () => {
    const other = held("b", "10.2.1.2/24", { hostName: hostNameOf(key("a")) });
    expect(decide(request("a"), { held: [other] }).hostName).toBe(hostNameOf(key("a"), 1));
  });

  test("no two attachments ever hold one address, over any sequence of comings and goings", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 7 })), { maxLength: 60 }), (events) => {
        const present = new Map<string, HeldAttachment>();
        let last: readonly string[] = [];
        for (const [comes, pod] of events) {
          const id = `p${pod}`;
          if (!comes) present.delete(id);
          else if (present.size < 4 || present.has(id)) {
            const made = decide(request(id), { held: [...present.values()], lastOf: () => last });
            last = made.addresses.map(({ address }) => address);
            present.set(id, held(id, last[0] ?? ""));
          } else expect(() => decide(request(id), { held: [...present.values()], lastOf: () => last })).toThrow(/no free address/);
          const all = [...present.values()].flatMap(({ addresses }) => addresses);
          expect(new Set(all).size).toBe(all.length);
        }
      }),
    );
  });
});

describe("several interfaces", () => {
  const STORAGE: PodBridge = {
    ...BRIDGE,
    name: "storage",
    ranges: [
      {
        ...RANGE,
        subnet: "10.8.0.0/24",
        block: "10.8.0.0/24",
        rangeStart: "10.8.0.2",
        rangeEnd: "10.8.0.9",
        gateway: "10.8.0.1",
        exclude: [],
      },
    ],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "10.9.0.0/16" }, { dst: "10.77.0.0/16" }],
  };
  const data: PodNetworkData = { ...DATA, bridges: [...DATA.bridges, STORAGE] };
  const both = { bridges: ["podBr0", "storage"] };
  const seen = (attachments: readonly Attachment[]) =>
    attachments.map(({ key: { ifname }, primary, addresses, routes }) => [
      ifname,
      primary,
      addresses.map(({ address }) => address).join(" "),
      routes.map(({ dst }) => dst).join(" "),
    ]);

  test("are named net1, net2, ... behind that of the runtime, and only the first has default routes and multicast", () => {
    const made = decideAll(request("a", { ...both, mac: "02:00:00:00:00:09", bandwidth: { ingress: { rate: 8000 } } }), { data });
    expect(seen(made)).toEqual([
      ["eth0", undefined, "10.2.1.2/24", "0.0.0.0/0 10.9.0.0/16 224.0.0.0/4"],
      ["net1", "eth0", "10.8.0.2/24", "10.77.0.0/16"],
    ]);
    expect(made.map(({ bandwidth, mac }) => [bandwidth !== undefined, mac === "02:00:00:00:00:09"])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(turnsOf(made)).toEqual([
      { bridge: "podBr0", range: "10.2.1.2", address: "10.2.1.2" },
      { bridge: "storage", range: "10.8.0.2", address: "10.8.0.2" },
    ]);
  });

  test("get the addresses that are named for their bridges; one for a bridge that the pod does not have is refused", () => {
    const addresses = wanting("10.2.1.6", "storage=10.8.0.7");
    expect(seen(decideAll(request("a", { ...both, addresses }), { data })).map(([, , address]) => address)).toEqual([
      "10.2.1.6/24",
      "10.8.0.7/24",
    ]);
    expect(() => decideAll(request("a", { addresses }), { data })).toThrow("wants 10.8.0.7 on storage, but the pod's bridges are podBr0");
    expect(() => decideAll(request("a", { addresses: wanting("10.2.1.6", "10.2.1.5") }))).toThrow(/two addresses of one family/);
  });

  test("pass over the names of interfaces that the container has already", () => {
    const others = [held("a", "10.2.1.9/24", { key: { ...key("a"), ifname: "net1" } })];
    expect(seen(decideAll(request("a", both), { data, held: others })).map(([ifname]) => ifname)).toEqual(["eth0", "net2"]);
    expect(seen(decideAll({ ...request("a", both), key: { ...key("a"), ifname: "net1" } }, { data })).map(([ifname]) => ifname)).toEqual([
      "net1",
      "net2",
    ]);
  });

  test("are all answered again, also where the repeated request names none, or others", () => {
    const second = held("a", "10.8.0.5/24", { key: { ...key("a"), ifname: "net1" }, bridge: "storage", primary: "eth0" });
    const all = [held("a", "10.2.1.5/24"), second];
    const first = seen(decideAll(request("a"), { data, held: all }));
    expect(first).toEqual([
      ["eth0", undefined, "10.2.1.5/24", "0.0.0.0/0 10.9.0.0/16 224.0.0.0/4"],
      ["net1", "eth0", "10.8.0.5/24", "10.77.0.0/16"],
    ]);
    expect(seen(decideAll(request("a", { bridges: ["podBr1"] }), { data, held: all }))).toEqual(first);
  });

  test("never share an address or a host name with another, and the same key gets the same again, over any comings and goings", () => {
    const choices = [["podBr0"], ["storage"], ["podBr0", "storage"], ["storage", "podBr1", "podBr0"]];
    const event = fc.record({ comes: fc.boolean(), pod: fc.integer({ min: 0, max: 5 }), choice: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let present: readonly HeldAttachment[] = [];
        for (const { comes, pod, choice } of events) {
          const id = `p${pod}`;
          if (!comes) {
            present = present.filter(({ key: { containerID } }) => containerID !== id);
            continue;
          }
          const wanted = request(id, { bridges: choices[choice] ?? [] });
          const before = present.filter(({ key: { containerID } }) => containerID === id);
          let made: readonly Attachment[];
          try {
            made = decideAll(wanted, { data, held: present });
          } catch (error) {
            // Full; whoever was there already is never refused.
            expect([before.length, String(error)]).toEqual([0, expect.stringContaining("no free address")]);
            continue;
          }
          const entries = made.map((one) => ({
            ...held(id, "", { key: one.key, bridge: one.bridge.name, hostName: one.hostName, mac: one.mac }),
            ...(one.primary === undefined ? {} : { primary: one.primary }),
            addresses: one.addresses.map(({ address }) => address),
          }));
          if (before.length > 0) expect(entries).toEqual(before);
          else present = [...present, ...entries];
          const owned = present.flatMap(({ bridge, addresses }) => addresses.map((address) => `${bridge} ${address}`));
          expect([new Set(owned).size, new Set(present.map(({ hostName }) => hostName)).size]).toEqual([owned.length, present.length]);
        }
      }),
    );
  });

  test("of a static bridge have what the pod names; of a DHCP bridge none until the server has answered", () => {
    const bridges = data.bridges.map((bridge) => ({
      ...bridge,
      ipam: bridge.name === "storage" ? ("static" as const) : ("dhcp" as const),
    }));
    const addresses = wanting("storage=10.8.0.7");
    const [first] = decideAll(request("a", { ...both, addresses }), { data: { ...data, bridges } });
    expect(first).toMatchObject({ addresses: [], routes: [] });
    expect(
      first === undefined
        ? undefined
        : withLease(first, { addresses: ["10.2.1.77/24"], gateways: ["10.2.1.254"], routes: [{ dst: "10.5.0.0/16", gw: "10.2.1.3" }] }),
    ).toMatchObject({
      alias: expect.stringContaining(":10.2.1.77/24"),
      addresses: [{ address: "10.2.1.77/24", gateway: "10.2.1.254" }],
      routes: [
        { dst: "10.5.0.0/16", gw: "10.2.1.3" },
        { dst: "0.0.0.0/0", gw: "10.2.1.254" },
        { dst: "10.9.0.0/16" },
        { dst: "224.0.0.0/4" },
      ],
    });
    expect(() => decideAll(request("a", both), { data: { ...data, bridges } })).toThrow(/names none/);
  });
});
