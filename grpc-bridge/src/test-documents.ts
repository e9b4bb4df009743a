// Documents of tests, with the defaults that the schema fills in.
import type { Bridge, BridgeSpecEntry, HostReport, HostReportStatus, Node, NodeInterface, NodeSoc, NodeVm } from "@pharos/kinds";

const api = { apiVersion: "pharos.io/v1" } as const;

export function testInterface(name: string, address?: string): NodeInterface {
  const rest = { uplink: false, managed: true, takeover: false };
  return address === undefined ? { name, type: "dhcp", ...rest } : { name, type: "static", address, ...rest };
}

export function testVm(name: string, ...interfaces: readonly NodeInterface[]): NodeVm {
  return { name, managed: true, interfaces };
}

export function testSoc(name: string, interfaces: readonly NodeInterface[] = [], vms: readonly NodeVm[] = []): NodeSoc {
  return { name, managed: true, interfaces, vms };
}

export function testNode(...socs: readonly NodeSoc[]): Node {
  return { ...api, kind: "Node", metadata: { name: "vehicle" }, spec: { name: "v", defaultAction: "DROP", enforcement: "enforce", socs } };
}

export function testBridges(...entries: readonly (Partial<BridgeSpecEntry> & { readonly name: string })[]): Bridge {
  const defaults = { type: "bridge", bridgeFor: "pod", ipMasq: false, isGateway: false, default: false } as const;
  return { ...api, kind: "Bridge", metadata: { name: "bridges" }, spec: { bridges: entries.map((entry) => ({ ...defaults, ...entry })) } };
}

export function testReport(host: string, status?: HostReportStatus): HostReport {
  return { ...api, kind: "HostReport", metadata: { name: host }, spec: { host }, ...(status === undefined ? {} : { status }) };
}
