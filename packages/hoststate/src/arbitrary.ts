import fc from "fast-check";
import type { RenderedFile } from "./files.ts";
import type { Address } from "./network/addresses.ts";
import type { Link } from "./network/links.ts";
import type { PolicyRule } from "./network/policy-rules.ts";
import type { Route } from "./network/routes.ts";
import type { Sysctl } from "./network/sysctls.ts";
import type { HostState } from "./section.ts";
import { EMPTY_STATE, normalize } from "./state.ts";

/**
 * Small pools, so that two generated states share names, addresses and destinations and every transition between kinds and
 * fields occurs. What is generated is valid: a kernel accepts it.
 */
const NAMES = ["n0", "n1", "n2", "n3"];
const PAIRS = [["p0", "q0"] as const, ["p1", "q1"] as const];
const MACVLANS = ["m0", "m1"];
const MTUS = [1300, 1400, 1500];

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined });
const given = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };

const common = fc.record({ mtu: maybe(fc.constantFrom(...MTUS)), mac: maybe(fc.constantFrom("02:00:00:00:00:01", "02:00:00:00:00:02")) });

function single(name: string, dummies: boolean): fc.Arbitrary<Link | undefined> {
  const fields = common.map(({ mtu, mac }) => ({ name, ...given("mtu", mtu), ...given("mac", mac) }));
  const bridge = fc
    .tuple(fields, fc.boolean(), fc.boolean())
    .map(([link, callIptables, multicastSnooping]): Link => ({ ...link, kind: "bridge", callIptables, multicastSnooping }));
  const dummy = fields.map((link): Link => ({ ...link, kind: "dummy" }));
  const vxlan = fc
    .tuple(fc.integer({ min: 0, max: 1 }), maybe(fc.constantFrom("10.9.0.1", "fd09::1")), fc.boolean())
    .map(([offset, remote, learning]): Link => {
      // Unique in one state, equal across names in two: the tunnel identifier moves from link to link.
      const vni = 100 + ((NAMES.indexOf(name) + offset * 4) % 8);
      return { kind: "vxlan", name, vni, ...given("remote", remote), port: 4789, learning };
    });
  return fc.oneof(fc.constant(undefined), bridge, dummies ? dummy : bridge, vxlan);
}

function pair([name, peer]: readonly [string, string]): fc.Arbitrary<readonly Link[]> {
  const ends = fc.tuple(maybe(fc.constantFrom(...MTUS)), maybe(fc.constantFrom(...MTUS))).map(([one, other]): readonly Link[] => [
    { kind: "veth", name, peer, ...given("mtu", one) },
    { kind: "veth", name: peer, peer: name, ...given("mtu", other) },
  ]);
  return fc.oneof(fc.constant<readonly Link[]>([]), ends);
}

/** Makes some links ports of a bridge; `undefined`, `null` and a bridge all occur. */
function withMasters(links: readonly Link[]): fc.Arbitrary<readonly Link[]> {
  const bridges = links.filter(({ kind }) => kind === "bridge").map(({ name }) => name);
  return fc.tuple(
    ...links.map((link) =>
      link.kind === "bridge"
        ? fc.constant(link)
        : fc.constantFrom(undefined, null, ...bridges).map((master): Link => ({ ...link, ...given("master", master) })),
    ),
  );
}

function withMacvlans(links: readonly Link[]): fc.Arbitrary<readonly Link[]> {
  const parents = links.filter(({ master }) => typeof master !== "string").map(({ name }) => name);
  if (parents.length === 0) return fc.constant(links);
  const modes = fc.constantFrom("bridge" as const, "private" as const, "vepa" as const);
  const one = (name: string): fc.Arbitrary<Link | undefined> =>
    maybe(fc.tuple(fc.constantFrom(...parents), modes).map(([parent, mode]): Link => ({ kind: "macvlan", name, parent, mode })));
  return fc.tuple(...MACVLANS.map(one)).map((macvlans) => {
    const used = new Set(macvlans.flatMap((link) => (link?.kind === "macvlan" ? [link.parent] : [])));
    // A macvlan's parent cannot be a port, so it must not stay one from before.
    return [
      ...links.map((link) => (used.has(link.name) ? { ...link, master: null } : link)),
      ...macvlans.filter((link) => link !== undefined),
    ];
  });
}

function links(dummies: boolean): fc.Arbitrary<readonly Link[]> {
  return fc
    .tuple(fc.tuple(...NAMES.map((name) => single(name, dummies))), fc.tuple(...PAIRS.map(pair)))
    .map(([singles, pairs]) => [...singles.filter((link) => link !== undefined), ...pairs.flat()])
    .chain(withMasters)
    .chain(withMacvlans);
}

function subset<T>(values: readonly T[], maxLength: number): fc.Arbitrary<readonly T[]> {
  return values.length === 0 ? fc.constant([]) : fc.uniqueArray(fc.constantFrom(...values), { maxLength });
}

/** Two subnets of each family for each link by its place in the pools, and several hosts in each. */
function addressesOf(name: string): readonly Address[] {
  const net = [...NAMES, ...PAIRS.flat(), ...MACVLANS].indexOf(name);
  const hosts = [1, 2, 3];
  return hosts.flatMap((host) => [
    { link: name, address: `10.${net}.0.${host}/24` },
    { link: name, address: `10.${net}.1.${host}/25` },
    { link: name, address: `fd00:${net}::${host}/64` },
  ]);
}

function routesVia({ link, address }: Address): readonly Route[] {
  const ipv6 = address.includes(":");
  const destinations = ipv6 ? ["fd77::/48", "::/0"] : ["192.168.7.0/24", "0.0.0.0/0", "192.168.0.0/16"];
  const gateway = ipv6 ? address.replace(/[^:]+$/, "fe") : address.replace(/[^.]+$/, "100");
  const base = { metric: ipv6 ? 1024 : 0, type: "unicast" as const, gateway };
  return destinations.flatMap((destination) => [
    { ...base, destination, table: 254, link },
    { ...base, destination, table: 254, link, metric: 2000, mtu: 1280 },
    { ...base, destination, table: 100, link, source: address.split("/")[0] ?? "" },
  ]);
}

function routesOn({ name }: Link): readonly Route[] {
  return ["192.168.8.0/24", "192.168.9.0/24", "fd78::/64"].map((destination) => ({
    destination,
    table: 254,
    metric: destination.includes(":") ? 1024 : 0,
    type: "unicast",
    link: name,
    scope: "link",
  }));
}

const FREE_ROUTES: readonly Route[] = [
  { destination: "192.168.7.0/24", table: 254, metric: 0, type: "blackhole" },
  { destination: "192.168.66.0/24", table: 101, metric: 0, type: "unreachable" },
  { destination: "fd66::/48", table: 254, metric: 1024, type: "blackhole" },
];

const RULES: readonly PolicyRule[] = [
  { family: "ipv4", priority: 20000, from: "10.0.0.0/24", table: 100 },
  { family: "ipv4", priority: 20000, from: "10.0.0.0/24", table: 101 },
  { family: "ipv4", priority: 20010, mark: 16, mask: 255, table: 100 },
  { family: "ipv4", priority: 20011, mark: 16, iif: "n0", table: 100 },
  { family: "ipv6", priority: 20000, from: "fd00:1::/64", to: "fd77::/48", table: 100 },
];

const FILES: readonly RenderedFile[] = ["one", "two"].flatMap((content) =>
  ["/etc/pharos/a.conf", "/run/pharos/b.conf"].map((path) => ({ path, mode: 0o644, content: `${content}\n` })),
);

function sysctlsOf(all: readonly Link[]): readonly Sysctl[] {
  const paths = ["net/ipv4/ip_forward", ...all.map(({ name }) => `net/ipv4/conf/${name}/rp_filter`)];
  return paths.flatMap((path) => ["0", "1"].map((value) => ({ path, value })));
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function around(all: readonly Link[]): fc.Arbitrary<HostState> {
  return subset(
    all.flatMap(({ name }) => addressesOf(name)),
    8,
  ).chain((addresses) =>
    fc
      .record({
        routes: subset([...addresses.flatMap(routesVia), ...all.flatMap(routesOn), ...FREE_ROUTES], 8),
        policyRules: subset(RULES, 3),
        sysctls: subset(sysctlsOf(all), 4),
        files: subset(FILES, 2),
      })
      .map(({ routes, policyRules, sysctls, files }) =>
        normalize({
          ...EMPTY_STATE,
          links: all,
          addresses,
          policyRules,
          routes: uniqueBy(routes, ({ destination, table, metric }) => `${destination} ${table} ${metric}`),
          sysctls: uniqueBy(sysctls, ({ path }) => path),
          files: uniqueBy(files, ({ path }) => path),
        }),
      ),
  );
}

/**
 * Valid states of a host in all sections but the firewall, for properties of models and of kernels; `dummies: false` for a
 * kernel that has no dummy links.
 */
export function hostStates(options: { readonly dummies: boolean } = { dummies: true }): fc.Arbitrary<HostState> {
  return links(options.dummies).chain(around);
}
