import type { Bridge, BridgeSpecEntry } from "@pharos/kinds";
import type { Host, Origin } from "./model.ts";
import { compareText } from "./names.ts";

export interface BridgeEntry {
  readonly declared: BridgeSpecEntry;
  readonly origin: Origin;
}

/** All bridges of all Bridge documents, by name. */
export function bridgeEntries(bridges: readonly Bridge[]): readonly BridgeEntry[] {
  return bridges
    .flatMap((document) =>
      document.spec.bridges.map((declared, index) => ({
        declared,
        origin: { document: `Bridge/${document.metadata.name}`, path: `spec.bridges[${index}]` },
      })),
    )
    .sort((a, b) => compareText(a.declared.name, b.declared.name) || compareText(a.origin.document, b.origin.document));
}

/**
 * The hosts that carry a bridge, sorted: those it names, else by its purpose. Cloud segments are found by declared name or
 * equal subnet, so hosts' interfaces must already have a segment.
 */
export function hostsOfBridge(declared: BridgeSpecEntry, hosts: readonly Host[], cloud: readonly Host[]): readonly string[] {
  if (declared.hosts !== undefined && declared.hosts.length > 0) {
    const known = new Set(hosts.map((host) => host.name));
    return [...new Set(declared.hosts)].filter((name) => known.has(name)).sort(compareText);
  }
  const parents = new Set(hosts.flatMap((host) => (host.parent === undefined ? [] : [host.parent])));
  const cloudSegments = new Set(cloud.flatMap((host) => host.interfaces.map((intf) => intf.segment)));
  const carries = (host: Host): boolean => {
    if (declared.bridgeFor === "pod") return host.kind === "vm" || !parents.has(host.name);
    if (declared.bridgeFor === "vm") return parents.has(host.name);
    return host.interfaces.some((intf) => cloudSegments.has(intf.segment));
  };
  return hosts
    .filter((host) => host.managed && carries(host))
    .map((host) => host.name)
    .sort(compareText);
}
