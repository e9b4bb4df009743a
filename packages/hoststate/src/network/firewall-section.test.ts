import { describe, expect, test } from "@jest/globals";
import { diff } from "../diff.ts";
import { planOf } from "../plan.ts";
import { EMPTY_STATE } from "../state.ts";
import type { FirewallChain, FirewallMap, FirewallObject, FirewallSet } from "./firewall.ts";

const BASE: FirewallChain = {
  kind: "chain",
  name: "base",
  hook: { type: "filter", hook: "forward", priority: 0, policy: "accept" },
  rules: [
    { body: "ip saddr vmap @zones", origin: "zones" },
    { body: "ip saddr @friends accept", origin: "RoutingConfig/a spec.routingInfo[0].rules[0]" },
  ],
};
const PAIR: FirewallChain = { kind: "chain", name: "pair", rules: [{ body: "tcp dport { 443, 80 } accept", origin: "pair" }] };
const FRIENDS: FirewallSet = {
  kind: "set",
  name: "friends",
  type: "ipv4_addr",
  interval: true,
  elements: ["10.0.0.0/25", "10.0.0.128/25"],
};
const ZONES: FirewallMap = {
  kind: "map",
  name: "zones",
  keyType: "ipv4_addr",
  valueType: "verdict",
  interval: true,
  elements: [{ key: "10.1.0.0/16", value: "goto pair" }],
};
const ALL: readonly FirewallObject[] = [BASE, PAIR, FRIENDS, ZONES];

function transaction(observed: readonly FirewallObject[], desired: readonly FirewallObject[]): readonly string[] {
  const steps = planOf(diff({ ...EMPTY_STATE, firewall: observed }, { ...EMPTY_STATE, firewall: desired }));
  return steps.flatMap((step) => (step.kind === "firewall.apply" ? step.transaction.trimEnd().split("\n") : []));
}

const replaced = (object: FirewallObject): readonly FirewallObject[] => ALL.map((other) => (other.name === object.name ? object : other));

const BASE_RULES = [
  'add rule inet pharos base ip saddr vmap @zones comment "1ltvzqy9w4p zones"',
  'add rule inet pharos base ip saddr @friends accept comment "1paxfscsl7l RoutingConfig/a spec.routingInfo[0].rules[0]"',
];

describe("the firewall's transaction", () => {
  test("creates chains before what goes to them, and sets before the rules that look them up", () => {
    expect(transaction([], ALL)).toEqual([
      "add table inet pharos",
      "add chain inet pharos base { type filter hook forward priority 0; policy accept; }",
      "add chain inet pharos pair",
      "add set inet pharos friends { type ipv4_addr; flags interval; }",
      "add map inet pharos zones { type ipv4_addr : verdict; flags interval; }",
      "add element inet pharos friends { 10.0.0.0/24 }",
      "add element inet pharos zones { 10.1.0.0/16 : goto pair }",
      ...BASE_RULES,
      'add rule inet pharos pair tcp dport { 80, 443 } accept comment "0mv99uggrz4 pair"',
    ]);
  });

  test("deletes in the reverse order", () => {
    expect(transaction(ALL, [])).toEqual([
      "add table inet pharos",
      "flush chain inet pharos base",
      "flush chain inet pharos pair",
      "delete set inet pharos friends",
      "delete map inet pharos zones",
      "delete chain inet pharos base",
      "delete chain inet pharos pair",
    ]);
  });

  test("sets a base chain's policy in place", () => {
    const hook = { type: "filter", hook: "forward", priority: 0, policy: "drop" } as const;
    expect(transaction(ALL, replaced({ ...BASE, hook }))).toEqual([
      "add table inet pharos",
      "add chain inet pharos base { type filter hook forward priority 0; policy drop; }",
      "flush chain inet pharos base",
      ...BASE_RULES,
    ]);
  });

  test("changes sets and maps element by element", () => {
    const friends = { ...FRIENDS, elements: ["10.0.0.0/24", "10.0.5.1"] };
    const zones = { ...ZONES, elements: [{ key: "10.1.0.0/16", value: "drop" }] };
    expect(transaction(ALL, [BASE, PAIR, friends, zones])).toEqual([
      "add table inet pharos",
      "delete element inet pharos zones { 10.1.0.0/16 }",
      "add element inet pharos friends { 10.0.5.1 }",
      "add element inet pharos zones { 10.1.0.0/16 : drop }",
    ]);
  });

  test("makes a set of another type anew, with the rules that look it up taken out and put back around it", () => {
    expect(transaction(ALL, replaced({ ...FRIENDS, interval: false, elements: ["10.0.0.1"] }))).toEqual([
      "add table inet pharos",
      "flush chain inet pharos base",
      "delete set inet pharos friends",
      "add set inet pharos friends { type ipv4_addr; }",
      "add element inet pharos friends { 10.0.0.1 }",
      ...BASE_RULES,
    ]);
  });

  test("makes nothing of the same firewall in other spellings", () => {
    const pair = { ...PAIR, rules: [{ body: "meta l4proto tcp tcp dport {80,443} accept", origin: "pair" }] };
    const friends = { ...FRIENDS, elements: ["10.0.0.0-10.0.0.255"] };
    expect(transaction([BASE, pair, friends, ZONES], ALL)).toEqual([]);
  });

  test.each<readonly [string, FirewallObject]>([
    ["a rule outside the grammar", { ...PAIR, rules: [{ body: "accept; flush ruleset", origin: "" }] }],
    ["a name that is no name", { ...PAIR, name: "pair { }" }],
    ["a name that nft reads as a word of its own", { ...PAIR, name: "fwd" }],
    ["an element of another type", { ...FRIENDS, elements: ["fd00::1"] }],
    ["a type that is none", { ...FRIENDS, type: "ipv4_addr; }" }],
    ["a range in a set without ranges", { ...FRIENDS, interval: false }],
    ["a value that is no verdict", { ...ZONES, elements: [{ key: "10.0.0.1", value: "goto pair; }" }] }],
    [
      "two values for one key",
      {
        ...ZONES,
        elements: [
          { key: "10.0.0.1", value: "drop" },
          { key: "10.0.0.1/32", value: "accept" },
        ],
      },
    ],
  ])("refuses %s", (_, object) => {
    expect(() => transaction([], [object])).toThrow(expect.objectContaining({ code: "PHAROS-1320" }));
  });

  test("lets an origin say nothing to nft", () => {
    const rules = [{ body: "accept", origin: `a" ; flush ruleset\n\\ ä${"x".repeat(200)}` }];
    const [line = ""] = transaction([], [{ ...PAIR, rules }]).slice(-1);
    expect(line).toMatch(/^add rule inet pharos pair accept comment "[0-9a-z]{11} a\? ; flush ruleset\?\? \?x{78}"$/);
  });
});
