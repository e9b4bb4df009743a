import { randomBytes, randomInt } from "node:crypto";
import { PharosError } from "@pharos/base";
import { type Link, macText } from "@pharos/hoststate";
import { KERNEL_CODES } from "../codes.ts";
import { encodeLinkChange, encodeLinkCreate, encodeLinkDelete, type LinkFields, type LinkKind } from "../netlink/link-message.ts";
import type { LinkRecord } from "../netlink/link-record.ts";
import { isRefusal } from "../netlink/netlink-error.ts";
import type { NetlinkTransport } from "../netlink/transport.ts";
import { LINK_ALIAS } from "./context.ts";
import { findLink, indexOf } from "./link-table.ts";

function kindOf(link: Link): LinkKind | undefined {
  switch (link.kind) {
    case "bridge":
      return {
        kind: "bridge",
        callIptables: link.callIptables,
        callIp6tables: link.callIptables,
        multicastSnooping: link.multicastSnooping,
      };
    case "veth":
      return { kind: "veth", peer: { name: link.peer } };
    case "macvlan":
      return { kind: "macvlan", mode: link.mode };
    case "vxlan": {
      const { vni, local, remote, port, learning } = link;
      return { kind: "vxlan", vni, port, learning, ...(local === undefined ? {} : { local }), ...(remote === undefined ? {} : { remote }) };
    }
    case "dummy":
      return { kind: "dummy" };
    case "physical":
      return undefined;
  }
}

/** A locally administered unicast address (IEEE 802: second-lowest bit of the first byte set, lowest clear). */
function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return macText(bytes.toString("hex"));
}

/**
 * A bridge without an address of its own takes the lowest of its ports: neighbours' caches would go stale with every port. One that
 * is made again is `formerMac`, for the same reason.
 */
function atBirth(link: Link, formerMac: string | undefined): LinkFields {
  const mac = link.mac ?? (link.kind === "bridge" ? (formerMac ?? randomMac()) : undefined);
  return { name: link.name, ...(mac === undefined ? {} : { mac }) };
}

/**
 * A bridge takes the smallest MTU of its ports unless it was given one, and giving it the one that it has does not count. So it
 * is first given a larger one, which disturbs nobody.
 */
function pinnedMtu({ kind, name, mtu }: Link): readonly Uint8Array[] {
  return kind === "bridge" && mtu !== undefined ? [encodeLinkChange({ name, mtu: Math.min(mtu + 1, 65535) })] : [];
}

async function masterOf(route: NetlinkTransport, link: Link): Promise<LinkFields> {
  if (link.master === undefined) return {};
  return { master: link.master === null ? 0 : await indexOf(route, link.master) };
}

/** Sets what a document says about a link that exists, and marks it as ours unless it is physical. */
async function change(route: NetlinkTransport, link: Link, kind: LinkKind | undefined): Promise<void> {
  const fields: LinkFields = {
    name: link.name,
    up: true,
    ...(link.kind === "physical" ? {} : { alias: LINK_ALIAS }),
    ...(link.mtu === undefined ? {} : { mtu: link.mtu }),
    ...(link.mac === undefined ? {} : { mac: link.mac }),
    ...(await masterOf(route, link)),
  };
  await route.request([...pinnedMtu(link), encodeLinkChange(fields, kind)]);
}

/** The part of a kind that an existing link of that kind can be told. */
function changeable(link: Link): LinkKind | undefined {
  return link.kind === "bridge" || link.kind === "macvlan" ? kindOf(link) : undefined;
}

function refuseForeign(link: Link, record: LinkRecord | undefined): void {
  if (record === undefined || link.kind === "physical" || record.kind === link.kind) return;
  throw new PharosError(KERNEL_CODES.linkForeign, `${link.name} exists as ${record.kind ?? "hardware"}, not as ${link.kind}`);
}

/** Creates a link, marked and up. One that exists with the wanted kind is taken over; PHAROS-2004 when it has another kind. */
export async function createLink(route: NetlinkTransport, link: Link, formerMac?: string): Promise<void> {
  const kind = kindOf(link);
  if (kind === undefined) {
    await indexOf(route, link.name);
    return change(route, link, undefined);
  }
  const parent = link.kind === "macvlan" ? { parent: await indexOf(route, link.parent) } : {};
  try {
    await route.request([encodeLinkCreate({ ...atBirth(link, formerMac), ...parent }, kind)]);
  } catch (error) {
    const record = isRefusal(error, "EEXIST") ? await findLink(route, link.name) : undefined;
    if (record === undefined) throw error;
    refuseForeign(link, record);
  }
  await change(route, link, changeable(link));
  if (link.kind === "veth") await route.request([encodeLinkChange({ name: link.peer, up: true, alias: LINK_ALIAS })]);
}

/** Changes a link, or adopts one that was not ours; PHAROS-2004 when it has another kind. */
export async function setLink(route: NetlinkTransport, link: Link): Promise<void> {
  const record = await findLink(route, link.name);
  if (record === undefined) throw new PharosError(KERNEL_CODES.linkMissing, `there is no link ${link.name}`);
  refuseForeign(link, record);
  await change(route, link, changeable(link));
}

/**
 * Deletes links of ours; one that is missing is deleted already. PHAROS-2004 when one does not carry our mark: then none is
 * deleted. Each deletion waits for all readers of the kernel's tables, so several go as one, by a group of their own.
 */
export async function deleteLinks(route: NetlinkTransport, links: readonly Link[]): Promise<void> {
  const indexes: number[] = [];
  for (const { name } of links) {
    const record = await findLink(route, name);
    if (record === undefined) continue;
    if (record.alias !== LINK_ALIAS) throw new PharosError(KERNEL_CODES.linkForeign, `${name} is not ours, and is not deleted`);
    indexes.push(record.index);
  }
  const [only] = indexes;
  if (only === undefined) return;
  const group = randomInt(1 << 16, 2 ** 31);
  const several = [...indexes.map((index) => encodeLinkChange({ index, group })), encodeLinkDelete({ group })];
  try {
    await route.request(indexes.length === 1 ? [encodeLinkDelete({ index: only })] : several);
  } catch (error) {
    if (!isRefusal(error, "ENODEV")) throw error;
  }
}
