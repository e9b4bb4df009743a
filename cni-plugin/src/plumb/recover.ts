import { podTableSets, type Witness, witnessOf } from "@pharos/attach";
import type { LinkRecord } from "@pharos/kernel/netlink";
import type { LedgerEntry } from "@pharos/ledger";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { readLimits } from "./bandwidth.ts";
import { trafficByAddress } from "./element-traffic.ts";
import { listLinks } from "./links.ts";
import { listElements } from "./nft-table.ts";

/** A pod's link at the host's end, and what its mark tells. */
interface Marked {
  readonly link: LinkRecord;
  readonly bridge: string;
  readonly witness: Witness;
}

/**
 * The entries that the kernel tells, for a ledger that lost some: keys and addresses by the marks of the host's pod links, ports and
 * masquerade by the elements of the pods' table, limits by token buckets. The network namespace and the pod's name stay unknown.
 */
export function entriesOfLinks(socket: NetlinkSocket, bootId: string): readonly LedgerEntry[] {
  const links = listLinks(socket);
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const marked = links.flatMap((link): readonly Marked[] => {
    const witness = link.kind === "veth" && link.alias !== undefined ? witnessOf(link.alias) : undefined;
    const bridge = names.get(link.master ?? 0);
    return witness === undefined || bridge === undefined ? [] : [{ link, bridge, witness }];
  });
  if (marked.length === 0) return [];
  const traffic = trafficByAddress(listElements(podTableSets()));
  const limits = readLimits(
    socket,
    marked.map(({ link }) => link),
    links,
  );
  return marked.map(({ link, bridge, witness }) => ({
    ...witness,
    bridge,
    hostName: link.name,
    bootId,
    ...trafficOf(witness.addresses, traffic),
    ...limits.get(link.name),
  }));
}

/** A port of all addresses of the host has an element for each of the pod's. */
function trafficOf(
  addresses: readonly string[],
  traffic: ReturnType<typeof trafficByAddress>,
): Pick<LedgerEntry, "ports" | "masqueradeExcept"> {
  const told = addresses.flatMap((address) => traffic.get(address.split("/")[0] ?? address) ?? []);
  const ports = new Map(told.flatMap((one) => one.ports ?? []).map((port) => [JSON.stringify(port), port]));
  const isMasqueraded = told.some(({ masqueradeExcept }) => masqueradeExcept !== undefined);
  return {
    ...(ports.size === 0 ? {} : { ports: [...ports.values()] }),
    ...(isMasqueraded ? { masqueradeExcept: told.flatMap(({ masqueradeExcept = [] }) => masqueradeExcept) } : {}),
  };
}
