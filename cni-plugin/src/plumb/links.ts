import type { Family } from "@pharos/hoststate";
import {
  decodeAddress,
  decodeLink,
  encodeAddressDump,
  encodeLinkChange,
  encodeLinkDelete,
  encodeLinkDump,
  encodeLinkGet,
  encodeWithoutLinkLocal,
  type LinkRecord,
} from "@pharos/kernel/netlink";
import type { NetlinkRequest, NetlinkSocket } from "../linux/netlink-socket.ts";

/** The answers to more requests could overrun the socket's queue, which is filled before the first is read. */
const BATCH = 64;
const GROUPS = { first: 1 << 16, count: 2 ** 30 } as const;

/** The link of this name in the socket's namespace, or undefined. */
export function findLink(socket: NetlinkSocket, name: string): LinkRecord | undefined {
  return findLinks(socket, [name])[0];
}

/** The links of these names, undefined in the place of each that is not there. For a few names: all are asked in one call. */
export function findLinks(socket: NetlinkSocket, names: readonly string[]): readonly (LinkRecord | undefined)[] {
  const replies = socket.exchange(names.map(linkRequest));
  return names.map((name, index) => (replies[index] ?? []).map(decodeLink).find((link) => link?.name === name));
}

/** Asks for one link by name; a link that is not there is no answer. */
export function linkRequest(name: string): NetlinkRequest {
  return { what: `look up ${name}`, bytes: encodeLinkGet({ name }), tolerate: ["ENODEV"] };
}

/** Asks that a link that is down gets no link-local IPv6 address when it comes up. */
export function withoutLinkLocal(which: { readonly name: string } | { readonly index: number }): NetlinkRequest {
  return { what: "leave out link-local addresses", bytes: encodeWithoutLinkLocal(which), tolerate: ["EAFNOSUPPORT"] };
}

/** Addresses of a link with their prefix lengths, of one family or of both. */
export function listAddresses(socket: NetlinkSocket, index: number, family?: Family): readonly string[] {
  const filter = family === undefined ? { index } : { index, family };
  const replies = socket.dump({ what: "list addresses", bytes: encodeAddressDump(filter), tolerate: ["ENODEV"] });
  // Kernels before 5.0 list all links.
  return replies.map(decodeAddress).flatMap((record) => (record?.index === index ? [record.address] : []));
}

/** All links of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): readonly LinkRecord[] {
  return socket.dump({ what: "list links", bytes: encodeLinkDump() }).flatMap((message) => decodeLink(message) ?? []);
}

/**
 * Deletes links; one that is gone already is success. Each deletion waits for all readers of the kernel's tables, so several go as
 * one, by a random group that only they have.
 */
export function deleteLinks(socket: NetlinkSocket, links: readonly LinkRecord[]): void {
  const [only] = links;
  if (only === undefined) return;
  if (links.length === 1) {
    socket.exchange([{ what: `delete ${only.name}`, bytes: encodeLinkDelete({ index: only.index }), tolerate: ["ENODEV"] }]);
    return;
  }
  const group = GROUPS.first + Math.floor(Math.random() * GROUPS.count);
  inBatches(
    socket,
    links.map(({ index, name }) => ({ what: `doom ${name}`, bytes: encodeLinkChange({ index, group }), tolerate: ["ENODEV"] })),
  );
  socket.exchange([{ what: `delete ${links.length} links`, bytes: encodeLinkDelete({ group }), tolerate: ["ENODEV"] }]);
}

function inBatches(socket: NetlinkSocket, requests: readonly NetlinkRequest[]): void {
  for (let at = 0; at < requests.length; at += BATCH) socket.exchange(requests.slice(at, at + BATCH));
}
