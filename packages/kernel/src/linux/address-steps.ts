import { writeFileSync } from "node:fs";
import { type Address, parsePrefix, sameIp } from "@pharos/hoststate";
import { decodeAddress, encodeAddressAdd, encodeAddressDelete, encodeAddressDump } from "../netlink/address-message.ts";
import { PHAROS_PROTOCOL } from "../netlink/constants.ts";
import { isRefusal } from "../netlink/netlink-error.ts";
import type { LinuxContext } from "./context.ts";
import { findLink, indexOf } from "./link-table.ts";
import { readSysctl } from "./sysctls.ts";

/** The address of the same link that differs from the wanted one in its prefix length only. */
async function withOtherLength({ route }: LinuxContext, index: number, wanted: string): Promise<string | undefined> {
  const prefix = parsePrefix(wanted);
  const replies = await route.dump(encodeAddressDump());
  return replies.map(decodeAddress).find((record) => {
    const other = record === undefined ? undefined : parsePrefix(record.address);
    return (
      record?.index === index &&
      prefix !== undefined &&
      other !== undefined &&
      other.length !== prefix.length &&
      sameIp(other.ip, prefix.ip)
    );
  })?.address;
}

/**
 * Adds an address with our mark; one that is there already is left as it is. IPv6 takes an address once per link, whatever
 * its prefix length: the one with the other length makes room.
 */
export async function addAddress(context: LinuxContext, { link, address }: Address): Promise<void> {
  const fields = { index: await indexOf(context.route, link), address, protocol: PHAROS_PROTOCOL };
  try {
    await context.route.request([encodeAddressAdd(fields)]);
  } catch (error) {
    if (!isRefusal(error, "EEXIST")) throw error;
    const other = address.includes(":") ? await withOtherLength(context, fields.index, address) : undefined;
    if (other === undefined) return;
    await context.route.request([encodeAddressDelete({ index: fields.index, address: other }), encodeAddressAdd(fields)]);
  }
}

/** Deletes an address; one that is missing, or whose link is, is deleted already. */
export async function deleteAddress(context: LinuxContext, { link, address }: Address): Promise<void> {
  const record = await findLink(context.route, link);
  if (record === undefined) return;
  const restore = address.includes(":") ? undefined : promoteSecondaries(context, link);
  try {
    await context.route.request([encodeAddressDelete({ index: record.index, address })]);
  } catch (error) {
    if (!isRefusal(error, "EADDRNOTAVAIL", "ENODEV")) throw error;
  } finally {
    restore?.();
  }
}

/**
 * By default Linux deletes all other IPv4 addresses of a subnet with the first one. This makes it promote the next one for the
 * time being; the returned function puts the former setting back.
 */
function promoteSecondaries(context: LinuxContext, link: string): () => void {
  const path = `net/ipv4/conf/${link}/promote_secondaries`;
  const write = (value: string): void => context.inside(() => writeFileSync(`/proc/sys/${path}`, `${value}\n`));
  const former = context.inside(() => readSysctl(path));
  if (former === undefined || former === "1") return () => {};
  write("1");
  return () => write(former);
}
