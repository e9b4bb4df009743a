/** The parts of what `ip -d -j addr show` says that count. */
export interface LinkListing {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly ifalias?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_data?: { readonly hairpin?: boolean; readonly isolated?: boolean };
  };
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

/** The parts of what `ip -j route show table all` says that count. */
export interface RouteListing {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
}

/** The parts of what `tc -j qdisc show` says that count. */
export interface QdiscListing {
  readonly kind: string;
  readonly dev: string;
  readonly options?: { readonly rate?: number; readonly burst?: number };
}

/** The parts of what `nft -j list ruleset` says that count. */
export interface NftListing {
  readonly nftables: readonly {
    readonly set?: NftSet;
    readonly map?: NftSet;
    readonly chain?: { readonly table: string; readonly name: string };
    readonly rule?: { readonly table: string; readonly chain: string; readonly expr: unknown };
  }[];
}

interface NftSet {
  readonly table: string;
  readonly name: string;
  readonly elem?: readonly unknown[];
}

/** Links but the loopback, and their addresses but the link-local ones, which the kernel makes when it gets to it. */
export function linkLines(links: readonly LinkListing[]): readonly string[] {
  return links
    .filter(({ ifname }) => ifname !== "lo")
    .flatMap((link) => [
      words("link", link.ifname, link.linkinfo?.info_kind, flagsOf(link), `mtu ${link.mtu}`, prefixed("master", link.master), link.ifalias),
      ...(link.addr_info ?? [])
        .filter(({ scope }) => scope !== "link")
        .map(({ local, prefixlen }) => words("address", link.ifname, `${local}/${prefixlen}`)),
    ]);
}

function flagsOf({ flags, linkinfo }: LinkListing): string {
  const port = linkinfo?.info_slave_data;
  return words(flags.includes("UP") ? "up" : "down", port?.hairpin === true ? "hairpin" : "", port?.isolated === true ? "isolated" : "");
}

/** Unicast routes of the main table but the link-local ones. */
export function routeLines(routes: readonly RouteListing[]): readonly string[] {
  return routes
    .filter(({ type = "unicast", table = "main", dst }) => type === "unicast" && table === "main" && !/^f[ef][0-9a-f]{2}::/.test(dst))
    .map(({ dst, gateway, dev }) => words("route", dst, prefixed("via", gateway), dev));
}

/** Qdiscs but the ones that each link is born with. */
export function qdiscLines(qdiscs: readonly QdiscListing[]): readonly string[] {
  return qdiscs
    .filter(({ kind }) => kind !== "noqueue")
    .map(({ kind, dev, options: { rate, burst } = {} }) => words("qdisc", dev, kind, prefixed("rate", rate), prefixed("burst", burst)));
}

/** Chains, rules and elements of all tables. */
export function nftLines({ nftables }: NftListing): readonly string[] {
  return nftables.flatMap(({ set, map, chain, rule }) => {
    const one = set ?? map;
    if (one !== undefined) return (one.elem ?? []).map((element) => words("element", one.table, one.name, JSON.stringify(element)));
    if (rule !== undefined) return [words("rule", rule.table, rule.chain, JSON.stringify(rule.expr))];
    return chain === undefined ? [] : [words("chain", chain.table, chain.name)];
  });
}

/** What is in `after` and not in `before`, and the other way round; equal lines count as often as they are there. */
export function differencesOf(
  before: readonly string[],
  after: readonly string[],
): { readonly added: readonly string[]; readonly lost: readonly string[] } {
  return { added: withoutOnce(after, before), lost: withoutOnce(before, after) };
}

function withoutOnce(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** The lines with each address replaced by a name, so that a pod's state compares with that of another address. */
export function renamed(lines: readonly string[], names: ReadonlyMap<string, string>): readonly string[] {
  const alternatives = [...names.keys()].map((text) => text.replaceAll(".", "\\."));
  if (alternatives.length === 0) return [...lines].sort();
  const address = new RegExp(`(?<![0-9a-f.])(${alternatives.join("|")})(?![0-9a-f.:])`, "g");
  return lines.map((line) => line.replace(address, (text) => names.get(text) ?? text)).sort();
}

function prefixed(word: string, value: string | number | undefined): string {
  return value === undefined ? "" : `${word} ${value}`;
}

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
