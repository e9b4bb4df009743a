import { PharosError } from "@pharos/base";
import { KERNEL_CODES } from "../codes.ts";
import { encodeLinkDump, encodeLinkGet } from "../netlink/link-message.ts";
import { decodeLink, type LinkRecord } from "../netlink/link-record.ts";
import { isRefusal } from "../netlink/netlink-error.ts";
import type { NetlinkTransport } from "../netlink/transport.ts";

/** All links of a namespace by index. */
export type LinkTable = ReadonlyMap<number, LinkRecord>;

export async function listLinks(route: NetlinkTransport): Promise<LinkTable> {
  const replies = await route.dump(encodeLinkDump());
  const records = replies.map(decodeLink).filter((record) => record !== undefined);
  return new Map(records.map((record) => [record.index, record]));
}

/** One link by name; undefined when there is none. */
export async function findLink(route: NetlinkTransport, name: string): Promise<LinkRecord | undefined> {
  try {
    const replies = await route.request([encodeLinkGet({ name })]);
    return replies.map(decodeLink).find((record) => record !== undefined);
  } catch (error) {
    if (isRefusal(error, "ENODEV")) return undefined;
    throw error;
  }
}

/** The index of a link that must exist; PHAROS-2005 when it does not. */
export async function indexOf(route: NetlinkTransport, name: string): Promise<number> {
  const link = await findLink(route, name);
  if (link === undefined) throw new PharosError(KERNEL_CODES.linkMissing, `there is no link ${name}`);
  return link.index;
}
