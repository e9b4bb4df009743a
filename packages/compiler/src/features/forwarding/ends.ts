import type { Family } from "@pharos/hoststate";
import type { Host, Vehicle } from "../../vehicle/model.ts";
import type { AddressClass, Partition } from "../../zones/partition.ts";
import { rangeText } from "../../zones/range-text.ts";
import { worldSides } from "../../zones/world-exits.ts";
import type { Zone } from "../../zones/zone.ts";

/** One end of a flow as a host's firewall tells ends apart: an address class, or the world on one side of the host. */
export interface End {
  /** Unique on the host, and made of characters that nft takes in a name. */
  readonly label: string;
  readonly class: AddressClass;
  /** The zones that rules may have named to mean this end. */
  readonly zones: readonly Zone[];
  /** The device that this side of the world is behind; undefined for all other ends. */
  readonly device: string | undefined;
}

export interface EndsInput {
  readonly vehicle: Vehicle;
  readonly host: Host;
  readonly partition: Partition;
  readonly zones: readonly Zone[];
  /** Ids of the zones that documents name. */
  readonly named: ReadonlySet<string>;
}

/** `name` with what nft does not take in a chain's name replaced. */
export function chainLabel(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]/g, "_");
}

/** All ends of a host. A side of the world that has a device comes before the one that has none. */
export function endsAt({ vehicle, host, partition, zones, named }: EndsInput): readonly End[] {
  const labels = new Set<string>();
  const end = (name: string, of: AddressClass, members: readonly Zone[], device?: string): End => {
    const base = chainLabel(name);
    let label = base;
    for (let copy = 2; labels.has(label); copy++) label = `${base}.${copy}`;
    labels.add(label);
    return { label, class: of, zones: members, device };
  };
  const sides = worldSides(vehicle, host, zones);
  const split = sides.some((side) => side.zones.some((zone) => zone.kind === "interface" && named.has(zone.id)));
  const seen = split ? sides : sides.filter((side) => side.via === undefined);
  return partition.classes.flatMap((of) => {
    if (!of.world) return [end(of.label, of, of.zones)];
    return seen.map((side) => end(side.via === undefined ? of.label : `${of.label}.${side.via}`, of, side.zones, side.device));
  });
}

/** The ranges of one family in order, as nft writes them, each with the key of its address class. */
export type RangeTexts = Readonly<Record<Family, readonly { readonly text: string; readonly class: string }[]>>;

export function rangeTexts(partition: Partition): RangeTexts {
  const texts = (family: Family): RangeTexts["ipv4"] =>
    partition[family].map((atom) => ({ text: rangeText(atom.first, atom.last), class: atom.class.key }));
  return { ipv4: texts("ipv4"), ipv6: texts("ipv6") };
}

/** The ranges of all classes that `member` takes, neighbours joined, as nft writes them. */
export function joinedRanges(partition: Partition, family: Family, member: (of: AddressClass) => boolean): readonly string[] {
  const joined: { first: Partition["ipv4"][number]["first"]; last: Partition["ipv4"][number]["last"] }[] = [];
  for (const atom of partition[family]) {
    if (!member(atom.class)) continue;
    const before = joined.at(-1);
    if (before !== undefined && before.last.value + 1n === atom.first.value) before.last = atom.last;
    else joined.push({ first: atom.first, last: atom.last });
  }
  return joined.map(({ first, last }) => rangeText(first, last));
}
