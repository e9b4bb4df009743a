import { describe, expect, test } from "@jest/globals";
import { aliasOf } from "@pharos/attach";
import type { ObservedLink } from "@pharos/kernel";
import type { LedgerEntry } from "@pharos/ledger";
import type { NetnsState } from "./netns-state.ts";
import { judgePods, type SeenPods } from "./pod-state.ts";

const entry = (containerID: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  key: { network: "pharos", containerID, ifname: "eth0" },
  bridge: "podBr0",
  addresses: ["10.2.0.2/24"],
  hostName: `pv${containerID}`,
  mac: "02:00:00:00:00:01",
  bootId: "now",
  netns: `/run/netns/${containerID}`,
  ...more,
});
const link = (of: LedgerEntry, more: Partial<ObservedLink> = {}): ObservedLink => ({
  name: of.hostName,
  up: true,
  master: of.bridge,
  alias: aliasOf(of),
  ...more,
});
const BRIDGE: ObservedLink = { name: "podBr0", up: true };

function judged(entries: readonly LedgerEntry[], links: readonly ObservedLink[], more: Partial<SeenPods> = {}): readonly string[] {
  const netns = ({ netns: path = "" }: LedgerEntry): NetnsState => ({ kind: "there", path });
  const seen = { bootId: "now", links, missingElements: new Map(), netns, ...more };
  const { damaged, helpless, dead } = judgePods(entries, seen);
  const nameOf = ({ key }: LedgerEntry) => `${key.containerID}/${key.ifname}`;
  return [
    ...damaged.map((pod) => `mend ${nameOf(pod.entry)} by ${pod.netns}: ${pod.what.join(", ")}`),
    ...helpless.map((pod) => `helpless ${nameOf(pod.entry)}: ${pod.why}`),
    ...dead.map((one) => `dead ${nameOf(one)}`),
  ];
}

const a = entry("a");

describe("judgePods", () => {
  test("finds nothing about a pod that is whole", () => {
    expect(judged([a], [BRIDGE, link(a)])).toEqual([]);
  });

  test.each<[string, readonly ObservedLink[], string]>([
    ["a link that is down", [link(a, { up: false })], "pva is down"],
    ["a link that lost its bridge", [{ name: "pva", up: true, alias: aliasOf(a) }], "pva is not a port of podBr0"],
    ["a link in another bridge", [link(a, { master: "br9" })], "pva is not a port of podBr0"],
    ["a link without a mark", [{ name: "pva", up: true, master: "podBr0" }], "pva lost its mark"],
    ["a link with another pod's mark", [link(a, { alias: aliasOf(entry("b")) })], "pva lost its mark"],
    ["a link that is missing while the pod lives", [], "pva is missing"],
  ])("mends %s", (_, links, what) => {
    expect(judged([a], [BRIDGE, ...links])).toEqual([`mend a/eth0 by /run/netns/a: ${what}`]);
  });

  test("mends a pod whose elements are gone", () => {
    expect(judged([a], [BRIDGE, link(a)], { missingElements: new Map([[a, 2]]) })).toEqual([
      "mend a/eth0 by /run/netns/a: 2 elements of its nft sets are missing",
    ]);
  });

  test("mends a pod once, by its primary interface, whichever of its interfaces is damaged", () => {
    const second = entry("a", { key: { ...a.key, ifname: "net1" }, primary: "eth0", hostName: "pv2" });
    expect(judged([a, second], [BRIDGE, link(a, { up: false })])).toEqual(["mend a/eth0 by /run/netns/a: pva is down, pv2 is missing"]);
    expect(judged([second], [BRIDGE])).toEqual(["mend a/net1 by /run/netns/a: pv2 is missing"]);
  });

  test("waits for a bridge that is missing, and for a namespace that it cannot reach", () => {
    expect(judged([a], [link(a)])).toEqual([]);
    expect(judged([a], [{ name: "pva", up: true, alias: aliasOf(a) }])).toEqual(["helpless a/eth0: the bridge podBr0 is missing"]);
    expect(judged([a], [BRIDGE, link(a, { up: false })], { netns: () => ({ kind: "unknown" }) })).toEqual([
      "helpless a/eth0: pva is down; its network namespace cannot be reached",
    ]);
  });

  test("takes a pod for dead only when namespace and link are gone", () => {
    const gone = { netns: (): NetnsState => ({ kind: "gone" }) };
    expect(judged([a], [BRIDGE], gone)).toEqual(["dead a/eth0"]);
    expect(judged([a], [BRIDGE, link(a)], gone)).toEqual([]);
    expect(judged([a], [BRIDGE], { netns: () => ({ kind: "unknown" }) })).toEqual([
      "helpless a/eth0: pva is missing; its network namespace cannot be reached",
    ]);
  });

  test("takes what is of an earlier boot for dead, and lets secondary interfaces go with their primary", () => {
    const old = entry("a", { bootId: "before" });
    const second = { ...old, key: { ...a.key, ifname: "net1" }, primary: "eth0" };
    expect(judged([old, second], [BRIDGE])).toEqual(["dead a/eth0"]);
    expect(judged([second], [BRIDGE])).toEqual(["dead a/net1"]);
  });
});
