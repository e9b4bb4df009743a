import { bitsOf, type Family, firstOf, type Ip, lastOf } from "@pharos/hoststate";
import { isManaged } from "./membership.ts";
import { type BridgeZone, WORLD, type Zone } from "./zone.ts";

/** The addresses that lie in exactly the same zones and are translated by the same bridges; a firewall cannot tell them apart. */
export interface AddressClass {
  /** Unique in a partition. */
  readonly key: string;
  /** Name of its most specific zone, for people and for chain names: unique in a partition. */
  readonly label: string;
  /** Most specific first, as `zonesOfAddress` gives them. */
  readonly zones: readonly Zone[];
  /** The masqueraded bridges whose prefixes hold it, also when the addresses are a host's. */
  readonly translatedBy: readonly BridgeZone[];
  readonly managed: boolean;
  readonly world: boolean;
}

/** A range of addresses of one class. Ranges are maximal, disjoint, sorted, and cover the family's whole space. */
export interface Atom {
  readonly first: Ip;
  readonly last: Ip;
  readonly class: AddressClass;
}

export interface Partition {
  readonly classes: readonly AddressClass[];
  readonly ipv4: readonly Atom[];
  readonly ipv6: readonly Atom[];
}

/** Cuts both address spaces into ranges of equal zones. n log n in the number of addresses and prefixes. */
export function partition(zones: readonly Zone[]): Partition {
  const labels = new Set<string>();
  const classes = new Map<string, AddressClass>();
  const classOf: ClassOf = (members, bridges) => {
    const translatedBy = bridges.filter((bridge) => bridge.ipMasq);
    const key = [...members, "behind", ...translatedBy].map((part) => (typeof part === "string" ? part : part.id)).join(" ");
    const known = classes.get(key);
    if (known !== undefined) return known;
    const made = newClass({ key, zones: members, translatedBy }, labels);
    classes.set(key, made);
    return made;
  };
  const world = classOf([...zones.filter((zone) => zone.kind === "interface" && zone.uplink), WORLD], []);
  const ipv4 = atomsOf("ipv4", zones, world, classOf);
  const ipv6 = atomsOf("ipv6", zones, world, classOf);
  return { classes: [...classes.values()], ipv4, ipv6 };
}

/** The class of addresses in `zones`, inside the prefixes of `bridges`. */
type ClassOf = (zones: readonly Zone[], bridges: readonly BridgeZone[]) => AddressClass;

function newClass(of: Pick<AddressClass, "key" | "zones" | "translatedBy">, labels: Set<string>): AddressClass {
  const world = of.zones.some((zone) => zone.kind === "world");
  const name = world ? "world" : (of.zones[0]?.name ?? "none");
  let label = name;
  for (let copy = 2; labels.has(label); copy++) label = `${name}.${copy}`;
  labels.add(label);
  return { ...of, label, managed: isManaged(of.zones), world };
}

interface Sweep {
  readonly family: Family;
  /** Address values where a bridge's prefix begins or has just ended, with the zone. */
  readonly bridges: readonly { readonly at: bigint; readonly zone: BridgeZone; readonly opens: boolean }[];
  /** Hosts' addresses with their owners. */
  readonly points: ReadonlyMap<bigint, readonly Zone[]>;
}

function sweepOf(family: Family, zones: readonly Zone[]): Sweep {
  const bridges = zones.flatMap((zone) => {
    if (zone.kind !== "bridge") return [];
    const own = zone.prefixes.filter((prefix) => prefix.ip.family === family);
    return own.flatMap((prefix) => [
      { at: firstOf(prefix).value, zone, opens: true },
      { at: lastOf(prefix).value + 1n, zone, opens: false },
    ]);
  });
  const points = new Map<bigint, Zone[]>();
  for (const kind of ["interface", "host"] as const) {
    for (const zone of zones) {
      if (zone.kind !== kind) continue;
      for (const ip of zone.addresses) {
        if (ip.family !== family) continue;
        const owners = points.get(ip.value) ?? [];
        if (!owners.includes(zone)) owners.push(zone);
        points.set(ip.value, owners);
      }
    }
  }
  return { family, bridges: bridges.sort((a, b) => compareBigint(a.at, b.at)), points };
}

function atomsOf(family: Family, zones: readonly Zone[], world: AddressClass, classOf: ClassOf): readonly Atom[] {
  const sweep = sweepOf(family, zones);
  const end = 1n << BigInt(bitsOf(family));
  const cuts = new Set<bigint>([0n, ...sweep.bridges.map((edge) => edge.at)]);
  for (const value of sweep.points.keys()) cuts.add(value).add(value + 1n);
  const starts = [...cuts].filter((value) => value < end).sort(compareBigint);
  const open = new Map<BridgeZone, number>();
  const order = new Map<Zone, number>(zones.map((zone, index) => [zone, index]));
  const atoms: Atom[] = [];
  let edge = 0;
  starts.forEach((start, index) => {
    for (let next = sweep.bridges[edge]; next !== undefined && next.at <= start; next = sweep.bridges[++edge]) {
      open.set(next.zone, (open.get(next.zone) ?? 0) + (next.opens ? 1 : -1));
    }
    const owners = sweep.points.get(start);
    const inside = [...open].filter(([, count]) => count > 0).map(([zone]) => zone);
    const bridges = inside.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    const of = owners !== undefined ? classOf(owners, bridges) : bridges.length > 0 ? classOf(bridges, bridges) : world;
    append(atoms, { first: { family, value: start }, last: { family, value: (starts[index + 1] ?? end) - 1n }, class: of });
  });
  return atoms;
}

function append(atoms: Atom[], atom: Atom): void {
  const before = atoms.at(-1);
  if (before?.class !== atom.class) atoms.push(atom);
  else atoms[atoms.length - 1] = { ...before, last: atom.last };
}

function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The class of one address; log n. */
export function classOfAddress(of: Partition, ip: Ip): AddressClass {
  const atoms = of[ip.family];
  let low = 0;
  let high = atoms.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const first = atoms[middle]?.first.value ?? 0n;
    if (first <= ip.value) low = middle;
    else high = middle - 1;
  }
  const atom = atoms[low];
  if (atom === undefined) throw new RangeError("a partition covers the whole address space");
  return atom.class;
}
