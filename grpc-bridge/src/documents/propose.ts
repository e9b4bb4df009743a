import { type Finding, hasErrors } from "@pharos/base";
import { check, type DocumentKind, documentSet, documentTitle, type HostFacts, type VehicleDocument } from "@pharos/compiler";
import type { HostReport } from "@pharos/kinds";
import type { Store } from "@pharos/store";
import { BRIDGE_NO_DOCUMENT, BRIDGE_NO_VEHICLE } from "../codes.ts";
import { readDocumentsOf } from "./document-reader.ts";
import { type Overlay, overlay, readDocuments } from "./overlay.ts";

/** `replace`: the text is all Nodes, Bridges and RoutingConfigs. `upsert`: the text adds to what is there. */
export type ProposalMode = "replace" | "upsert";

/** A change before it is written, and all that is wrong with it. */
export interface Proposal {
  readonly overlay: Overlay;
  readonly findings: readonly Finding[];
}

const REPLACED: { readonly [M in ProposalMode]: readonly DocumentKind[] } = { replace: ["Node", "Bridge", "RoutingConfig"], upsert: [] };
const NOTHING: Overlay = { after: [], apply: [], delete: [] };

/**
 * Reads the text and checks it together with the live documents. Findings are those of the text, and those that it
 * brings about: an error that the live documents have already does not keep others from being changed.
 */
export async function propose(store: Store, { text, mode }: { readonly text: string; readonly mode: ProposalMode }): Promise<Proposal> {
  const given = await readDocumentsOf(text);
  if (hasErrors(given.findings)) return { overlay: NOTHING, findings: given.findings };
  const missing = missingDocument(given.value, mode);
  if (missing !== undefined) return { overlay: NOTHING, findings: [...given.findings, missing] };
  const live = await readDocuments(store);
  const change = overlay(live, given.value, REPLACED[mode]);
  const facts = hostFacts((await store.list("HostReport")).items);
  const before = new Set(check(documentSet(live), facts).map(identity));
  const names = new Set(given.value.map(documentTitle));
  const brought = check(documentSet(change.after), facts).filter(
    (finding) => names.has(finding.source?.document ?? "") || !before.has(identity(finding)),
  );
  return { overlay: change, findings: [...given.findings, ...brought] };
}

function missingDocument(given: readonly VehicleDocument[], mode: ProposalMode): Finding | undefined {
  const finding = ({ code, title, action }: typeof BRIDGE_NO_VEHICLE): Finding => ({
    code,
    severity: "ERROR",
    path: "",
    description: title,
    recommendation: action,
  });
  if (given.length === 0) return finding(BRIDGE_NO_DOCUMENT);
  return mode === "replace" && !given.some(({ kind }) => kind === "Node") ? finding(BRIDGE_NO_VEHICLE) : undefined;
}

/** What hosts reported of themselves, as the compiler wants it. */
function hostFacts(reports: readonly HostReport[]): ReadonlyMap<string, HostFacts> {
  return new Map(
    reports.flatMap(({ spec, status }): [string, HostFacts][] => {
      if (status?.features === undefined) return [];
      const { bridgeNetfilter = false, nftables = false, ipv6 = false } = status.features;
      const interfaces = (status.interfaces ?? []).map(({ addresses = [], ...rest }) => ({ ...rest, addresses }));
      return [[spec.host, { bridgeNetfilter, nftables, ipv6, interfaces }]];
    }),
  );
}

function identity({ code, path, description, source }: Finding): string {
  return [code, source?.document ?? "", path, description].join("\n");
}
