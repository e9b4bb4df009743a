import fc from "fast-check";
import type { FirewallChain, FirewallMap, FirewallObject, FirewallRule, FirewallSet, Hook } from "./firewall.ts";
import { firewallKey, referencesOf } from "./firewall-references.ts";

/** Small pools, so that two generated firewalls share names and every transition between types, hooks and values occurs. */
const SETS: Readonly<Record<string, { readonly elements: readonly string[]; readonly interval: boolean; readonly match: string }>> = {
  ipv4_addr: {
    elements: ["10.0.0.0/25", "10.0.0.128/25", "10.0.1.5", "10.0.1.1-10.0.1.9", "10.0.0.0/16", "192.168.0.7"],
    interval: true,
    match: "ip saddr",
  },
  ipv6_addr: { elements: ["fd00::/64", "fd00:0:0:1::/64", "fd01::1-fd01::9", "::1"], interval: true, match: "ip6 daddr" },
  inet_service: { elements: ["80", "81", "8000-8010", "8005-8020", "65535"], interval: true, match: "tcp dport" },
  ifname: { elements: ["br0", "eth1.100", "lo"], interval: false, match: "iifname" },
  "ipv4_addr . inet_service": {
    elements: ["10.0.0.0/24 . 80-90", "10.0.2.1 . 443", "10.0.3.1-10.0.3.9 . 53"],
    interval: true,
    match: "meta l4proto tcp ip daddr . th dport",
  },
};
const MAPS: Readonly<Record<string, { readonly keys: readonly string[]; readonly interval: boolean; readonly match: string }>> = {
  ipv4_addr: { keys: ["10.0.0.0/25", "10.0.0.128/25", "10.1.0.1-10.1.0.9"], interval: true, match: "ip saddr" },
  ipv6_addr: { keys: ["fd00::/64", "fd01::1"], interval: true, match: "ip6 saddr" },
  "ifname . ipv4_addr": { keys: ["br0 . 10.0.0.1", "eth0 . 10.0.0.2"], interval: false, match: "iifname . ip saddr" },
};
const PLAIN_MATCHES = [
  "",
  "ct state established,related",
  "tcp dport 443",
  "udp dport { 53, 5353, 7400-7500 }",
  "meta l4proto { icmp, ipv6-icmp }",
  "meta l4proto udp @th,64,32 0x52545053",
  'iifname "br0" oifname != "eth0"',
  "ip saddr 10.0.0.0/24 ip daddr 10.1.0.1-10.1.0.9 tcp sport 1000",
  "ct original ip daddr 10.96.0.10 meta l4proto udp",
  "ip6 saddr fe80::/10 icmpv6 type nd-neighbor-solicit",
  "fib daddr type local",
];
const STATEMENTS = ["accept", "counter drop", "return", 'limit rate 10/second burst 20 packets log prefix "pharos: "', "counter"];
const HOOKS: readonly Hook[] = [
  { type: "filter", hook: "forward", priority: 0, policy: "accept" },
  { type: "filter", hook: "forward", priority: 0, policy: "drop" },
  { type: "filter", hook: "forward", priority: 5, policy: "drop" },
  { type: "filter", hook: "input", priority: -10, policy: "accept" },
];
/** Jumps and verdict maps go from earlier to later chains, so there is no loop. */
const CHAINS = ["base", "r0", "r1", "r2", "r3"];
const TARGETS = ["r2", "r3"];

const origins = fc.constantFrom("RoutingConfig/a spec.routingInfo[0].rules[1]", "Node/v default deny", "");

const sets = (name: string): fc.Arbitrary<FirewallSet> =>
  fc
    .constantFrom(...Object.entries(SETS))
    .chain(([type, { elements, interval }]) =>
      fc.subarray([...elements]).map((chosen) => ({ kind: "set", name, type, interval, elements: chosen })),
    );

const maps = (name: string): fc.Arbitrary<FirewallMap> =>
  fc.constantFrom(...Object.entries(MAPS)).chain(([keyType, { keys, interval }]) => {
    const values = fc.constantFrom("accept", "drop", ...TARGETS.flatMap((target) => [`goto ${target}`, `jump ${target}`]));
    const entries = fc.tuple(
      ...keys.map((key) =>
        fc.option(
          values.map((value) => ({ key, value })),
          { nil: undefined },
        ),
      ),
    );
    return entries.map((chosen) => ({
      kind: "map",
      name,
      keyType,
      valueType: "verdict",
      interval,
      elements: chosen.filter((entry) => entry !== undefined),
    }));
  });

function rules(chain: string, objects: readonly (FirewallSet | FirewallMap)[]): fc.Arbitrary<FirewallRule> {
  const later = CHAINS.slice(CHAINS.indexOf(chain) + 1);
  const early = !TARGETS.includes(chain);
  const lookups = objects.flatMap((object) => (object.kind === "set" ? [`${SETS[object.type]?.match} @${object.name}`] : []));
  const verdictMaps = objects.flatMap((object) =>
    object.kind === "map" && early ? [`${MAPS[object.keyType]?.match} vmap @${object.name}`] : [],
  );
  const matches = fc.constantFrom(...PLAIN_MATCHES, ...lookups, ...lookups);
  const verdicts = fc.constantFrom(...STATEMENTS, ...later.flatMap((name) => [`jump ${name}`, `goto ${name}`]));
  const plain = fc.tuple(matches, verdicts).map(([match, verdict]) => (match === "" ? verdict : `${match} ${verdict}`));
  const bodies =
    verdictMaps.length === 0 ? plain : fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom(...verdictMaps) });
  return fc.record({ body: bodies, origin: origins });
}

function chains(name: string, objects: readonly (FirewallSet | FirewallMap)[]): fc.Arbitrary<FirewallChain> {
  const base = { kind: "chain", name } as const;
  const body = fc.array(rules(name, objects), { maxLength: 5 });
  if (name !== "base") return body.map((chosen) => ({ ...base, rules: chosen }));
  return fc.tuple(fc.constantFrom(...HOOKS), body).map(([hook, chosen]) => ({ ...base, hook, rules: chosen }));
}

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.option(
    values.map((value) => [value]),
    { nil: [] },
  );

/** Valid firewalls: a kernel accepts each, and every transition between two of them. */
export const firewalls: fc.Arbitrary<readonly FirewallObject[]> = fc
  .tuple(maybe(sets("s0")), maybe(fc.oneof(sets("s1"), maps("s1"))), maybe(maps("m0")))
  .map((objects) => objects.flat())
  .chain((objects) => fc.tuple(fc.constant(objects), ...CHAINS.map((name) => maybe(chains(name, objects)))))
  .map(([objects, ...rest]) => withoutDangling([...rest.flat(), ...objects]));

/** Takes out rules and entries that refer to what is not there. */
function withoutDangling(objects: readonly FirewallObject[]): readonly FirewallObject[] {
  const keys = new Set(objects.map(firewallKey));
  const whole = (part: FirewallObject): boolean => [...referencesOf(part)].every((key) => keys.has(key));
  return objects.map((object) => {
    if (object.kind === "chain") return { ...object, rules: object.rules.filter((rule) => whole({ ...object, rules: [rule] })) };
    return object.kind === "set"
      ? object
      : { ...object, elements: object.elements.filter((entry) => whole({ ...object, elements: [entry] })) };
  });
}
