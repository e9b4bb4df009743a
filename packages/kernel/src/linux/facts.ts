import { existsSync } from "node:fs";
import { access } from "node:fs/promises";
import type { KernelFacts, ObservedInterface } from "../kernel.ts";
import { decodeAddress, encodeAddressDump } from "../netlink/address-message.ts";
import type { LinkRecord } from "../netlink/link-record.ts";
import type { LinuxContext } from "./context.ts";
import { type LinkTable, listLinks } from "./link-table.ts";

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Both keep a file per interface that they manage, by its index. */
async function managerOf(root: string, index: number): Promise<ObservedInterface["manager"]> {
  if (await isThere(`${root}/run/NetworkManager/devices/${index}`)) return "NetworkManager";
  return (await isThere(`${root}/run/systemd/netif/links/${index}`)) ? "networkd" : undefined;
}

async function addressesByLink(context: LinuxContext): Promise<ReadonlyMap<number, readonly string[]>> {
  const byLink = new Map<number, string[]>();
  for (const reply of await context.route.dump(encodeAddressDump())) {
    const record = decodeAddress(reply);
    if (record === undefined || record.scope === "link") continue;
    byLink.set(record.index, [...(byLink.get(record.index) ?? []), record.address]);
  }
  return byLink;
}

function nameOf(table: LinkTable, index: number | undefined): string | undefined {
  return index === undefined ? undefined : table.get(index)?.name;
}

async function interfaceOf(
  context: LinuxContext,
  record: LinkRecord,
  master: string | undefined,
): Promise<Omit<ObservedInterface, "addresses">> {
  const manager = await managerOf(context.root, record.index);
  return {
    name: record.name,
    ...(record.mac === undefined ? {} : { mac: record.mac }),
    up: record.up,
    mtu: record.mtu,
    ...(master === undefined ? {} : { master }),
    ...(manager === undefined ? {} : { manager }),
  };
}

/** What this kernel has: interfaces by name, and which of our needs it meets. */
export async function readFacts(context: LinuxContext): Promise<KernelFacts> {
  const table = await listLinks(context.route);
  const addresses = await addressesByLink(context);
  const interfaces = await Promise.all(
    [...table.values()].map(async (record) => ({
      ...(await interfaceOf(context, record, nameOf(table, record.master))),
      addresses: addresses.get(record.index) ?? [],
    })),
  );
  const nftables = await context.nft.run(["list", "tables", "inet"]).then(
    () => true,
    () => false,
  );
  return {
    interfaces: interfaces.sort((a, b) => (a.name < b.name ? -1 : 1)),
    bridgeNetfilter: context.inside(() => existsSync("/proc/sys/net/bridge")),
    nftables,
    ipv6: context.inside(() => existsSync("/proc/sys/net/ipv6")),
  };
}
