import type { Allocation, HostFacts } from "@pharos/compiler";
import type { HostReport } from "@pharos/kinds";
import type { HostOutline, KnownBlock, Lease } from "./compiler-port.ts";

/** What a host's kernel can do, for each host that reported it. */
export function factsByHost(reports: readonly HostReport[]): ReadonlyMap<string, HostFacts> {
  return new Map(reports.flatMap((report) => factsOf(report)));
}

function factsOf({ metadata, status }: HostReport): [string, HostFacts][] {
  if (status?.features === undefined) return [];
  const { bridgeNetfilter = false, nftables = false, ipv6 = false } = status.features;
  const interfaces = (status.interfaces ?? []).map(({ name, mac, addresses = [], manager }) => ({
    name,
    addresses,
    ...(mac === undefined ? {} : { mac }),
    ...(manager === undefined ? {} : { manager }),
  }));
  return [[metadata.name, { bridgeNetfilter, nftables, ipv6, interfaces }]];
}

/**
 * The address of each interface that takes one by DHCP: as its host reports it now, else as it was in the last revision,
 * so that a host that sleeps keeps its zones.
 */
export function leasesOf(hosts: readonly HostOutline[], reports: readonly HostReport[], last: readonly Lease[]): readonly Lease[] {
  const facts = factsByHost(reports);
  return hosts.flatMap(({ name: host, dhcpInterfaces }) =>
    dhcpInterfaces.flatMap((name) => {
      const reported = facts.get(host)?.interfaces.find((candidate) => candidate.name === name)?.addresses[0];
      const address = reported ?? last.find((lease) => lease.host === host && lease.interface === name)?.address;
      return address === undefined ? [] : [{ host, interface: name, address }];
    }),
  );
}

/** Where blocks are remembered, the first one that knows a block wins. */
export interface AllocationSources {
  /** Of the last revision of this store. */
  readonly revision: readonly Allocation[];
  /** Of the Bridge documents' status: outlives the revisions. */
  readonly status: readonly Allocation[];
  /** What the hosts' agents hold: outlives the store. */
  readonly reports: readonly HostReport[];
}

/**
 * All blocks that are known, with the number of addresses that pods hold where the host tells it. A block that only a host
 * knows is adopted while its addresses are in use or the store has no allocation of its own, so that freed blocks do not come back.
 */
export function knownBlocks({ revision, status, reports }: AllocationSources): readonly KnownBlock[] {
  const known = new Map<string, KnownBlock>();
  const take = (block: KnownBlock) => {
    const key = `${block.bridge} ${block.subnet} ${block.host}`;
    const former = known.get(key);
    if (former === undefined) known.set(key, block);
    else if (former.block === block.block && block.used !== undefined) known.set(key, { ...former, used: block.used });
  };
  for (const allocation of [...revision, ...status]) take(allocation);
  const isNewStore = known.size === 0;
  for (const report of reports) {
    const host = report.metadata.name;
    for (const { bridge, subnet, block, used } of report.status?.blocks ?? []) {
      if (isNewStore || used > 0 || known.has(`${bridge} ${subnet} ${host}`)) take({ bridge, subnet, host, block, used });
    }
  }
  return [...known.values()];
}

/** The highest revision number that any host carries or has rejected, of any epoch; 0 when there is none. */
export function highestReportedNumber(reports: readonly HostReport[]): number {
  const numbers = reports.flatMap(({ status }) => [status?.revision?.number ?? 0, ...(status?.rejected ?? []).map(({ number }) => number)]);
  return Math.max(0, ...numbers);
}
