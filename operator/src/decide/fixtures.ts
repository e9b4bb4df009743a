import type { Finding } from "@pharos/base";
import {
  type Allocation,
  type DocumentSet,
  documentSet,
  documentsOf,
  documentTitle,
  frozenForm,
  type VehicleDocument,
} from "@pharos/compiler";
import type { Bridge, HostReport, HostReportStatus, Node } from "@pharos/kinds";
import { type DecodedRevision, revisionHash } from "@pharos/store";
import type { CompilerPort } from "./compiler-port.ts";
import { type Decision, decideRevision, type Situation } from "./decide-revision.ts";

/** A vehicle of one SoC that stands for any vehicle; `description` is what tests change. */
export function node(name = "car", more: { readonly socs?: readonly string[]; readonly generation?: number } = {}): Node {
  const { socs = ["soc1"], generation = 1 } = more;
  return {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name, generation },
    spec: { name, socs: socs.map((soc) => ({ name: soc, managed: true })), defaultAction: "DROP", enforcement: "enforce" },
  };
}

/** A bridge document with one pod bridge on each host. */
export function bridge(name: string, subnet = "10.2.1.0/24", generation = 1): Bridge {
  const ipam = { type: "host-local", ranges: [{ subnet }] } as const;
  const entry = { name: `br-${name}`, type: "bridge", bridgeFor: "pod", ipMasq: false, isGateway: true, default: false, ipam } as const;
  return { apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name, generation }, spec: { bridges: [entry] } };
}

export function report(host: string, status: Partial<HostReportStatus> = {}): HostReport {
  return {
    apiVersion: "pharos.io/v1",
    kind: "HostReport",
    metadata: { name: host },
    spec: { host },
    status: { state: "Committed", ...status },
  };
}

/** An ERROR about a document. */
function errorAbout(document: string): Finding {
  return {
    code: "PHAROS-1120",
    severity: "ERROR",
    path: "spec",
    description: `${document} is wrong`,
    recommendation: "mend it",
    source: { document },
  };
}

/**
 * A compiler that finds fault with each bridge whose subnet is `bad`, wants a bridge `needs-<name>` to have a bridge
 * `<name>` beside it, and gives each host of each bridge a block that names both.
 */
export const fakeCompiler: CompilerPort = {
  check: (set) => set.bridges.filter((document) => isFaulty(document, set)).map((document) => errorAbout(documentTitle(document))),
  allocate: (set, known) => ({ value: allocate(set, known), findings: [] }),
  canonicalJson: (value) => JSON.stringify(value),
  hosts: (set) => set.nodes.flatMap(({ spec }) => spec.socs.map(({ name }) => ({ name, dhcpInterfaces: ["eth0"] }))),
};

function isFaulty(document: Bridge, set: DocumentSet): boolean {
  const needed = /^needs-(.*)$/.exec(document.metadata.name)?.[1];
  const missing = needed !== undefined && !set.bridges.some(({ metadata }) => metadata.name === needed);
  return missing || subnetOf(document) === "bad";
}

function subnetOf(document: Bridge): string {
  return document.spec.bridges[0]?.ipam?.ranges?.[0]?.subnet ?? "";
}

function allocate(set: DocumentSet, known: readonly Allocation[]): readonly Allocation[] {
  return set.bridges.flatMap((document) =>
    set.nodes.flatMap(({ spec }) =>
      spec.socs.map(({ name: host }) => {
        const want = { bridge: `br-${document.metadata.name}`, subnet: subnetOf(document), host };
        const kept = known.find((each) => each.bridge === want.bridge && each.subnet === want.subnet && each.host === host);
        return kept ?? { ...want, block: `new block of ${host}` };
      }),
    ),
  );
}

/** A situation with nothing in it, or with what a test gives. */
export function situation(more: Partial<Situation> = {}): Situation {
  return { epoch: "e1", documents: [], revisions: [], reports: [], adopted: true, now: 0, ...more };
}

export function decide(more: Partial<Situation>): Decision {
  return decideRevision(situation(more), fakeCompiler);
}

/** The situation after revision `number` was made from these documents. */
export function after(number: number, documents: readonly VehicleDocument[], more: Partial<Situation> = {}): Situation {
  const set = documentSet(documents.map(frozenForm));
  const content = { documents: set, allocations: allocate(set, []), leases: [] };
  const last: DecodedRevision = { epoch: "e1", number, hash: revisionHash(fakeCompiler.canonicalJson(content)), content };
  return situation({ documents, last, revisions: [{ name: `r${number}`, number, hash: last.hash }], ...more });
}

/** Names of the documents in the newest revision, and their subnets: what most tests compare. */
export function frozenTexts({ newest }: Decision): readonly string[] {
  return newest === undefined ? [] : documentsOf(newest.content.documents).map(text);
}

function text(document: VehicleDocument): string {
  return document.kind === "Bridge" ? `${documentTitle(document)} ${subnetOf(document)}` : documentTitle(document);
}
