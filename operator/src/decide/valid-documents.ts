import { isDeepStrictEqual } from "node:util";
import { type Finding, hasErrors } from "@pharos/base";
import { documentTitle, frozenForm, type VehicleDocument } from "@pharos/compiler";

export interface ValidDocumentsInput {
  /** Documents as they are now. */
  readonly current: readonly VehicleDocument[];
  /** Documents of the last revision. */
  readonly last: readonly VehicleDocument[];
  readonly check: (documents: readonly VehicleDocument[]) => readonly Finding[];
}

/** Which version of a document goes into the revision. */
type Use = "current" | "last valid" | "none";

export interface ValidDocuments {
  /** What a revision may be frozen from; undefined when no valid set was found, so that the last revision stays. */
  readonly documents?: readonly VehicleDocument[];
  readonly uses: ReadonlyMap<string, Use>;
  /** About the current documents, each once; those that came up only after others were replaced included. */
  readonly findings: readonly Finding[];
}

/**
 * Replaces each document with errors by its version in the last revision, or leaves it out where it has none, until the
 * rest is valid. Errors that remain when nothing is left to replace forbid the whole set.
 */
export function validDocuments({ current, last, check }: ValidDocumentsInput): ValidDocuments {
  const lastByName = new Map(last.map((document) => [documentTitle(document), document]));
  const uses = new Map<string, Use>(current.map((document) => [documentTitle(document), "current"]));
  const told: Finding[] = [];
  for (;;) {
    const documents = current.flatMap((document) => versionFor(document, uses, lastByName));
    const findings = check(documents);
    told.push(...findings.filter((finding) => isAboutCurrent(finding, uses) && !told.some((other) => isDeepStrictEqual(other, finding))));
    if (!hasErrors(findings)) return { documents, uses, findings: told };
    if (!replaceErroneous({ current, findings, uses, lastByName })) return { uses, findings: told };
  }
}

interface Replacement {
  readonly current: readonly VehicleDocument[];
  readonly findings: readonly Finding[];
  readonly uses: Map<string, Use>;
  readonly lastByName: ReadonlyMap<string, VehicleDocument>;
}

/** False when there is nothing (more) to replace. */
function replaceErroneous({ current, findings, uses, lastByName }: Replacement): boolean {
  const erroneous = new Set(findings.filter(({ severity }) => severity === "ERROR").map(({ source }) => source?.document));
  let replaced = false;
  for (const document of current) {
    const name = documentTitle(document);
    if (!erroneous.has(name) || uses.get(name) !== "current") continue;
    const former = lastByName.get(name);
    // An unchanged document that has errors now suffers from somebody else's change: its last version is no cure.
    if (former !== undefined && isDeepStrictEqual(frozenForm(document).spec, former.spec)) continue;
    uses.set(name, former === undefined ? "none" : "last valid");
    replaced = true;
  }
  return replaced;
}

function versionFor(
  document: VehicleDocument,
  uses: ReadonlyMap<string, Use>,
  lastByName: ReadonlyMap<string, VehicleDocument>,
): VehicleDocument[] {
  const name = documentTitle(document);
  const use = uses.get(name);
  if (use === "current") return [frozenForm(document)];
  const former = use === "last valid" ? lastByName.get(name) : undefined;
  return former === undefined ? [] : [former];
}

function isAboutCurrent(finding: Finding, uses: ReadonlyMap<string, Use>): boolean {
  const name = finding.source?.document;
  return name === undefined || uses.get(name) === "current";
}
