import { allocateBlocks, documentSet, freeze, isVehicleDocument, type RevisionContent } from "@pharos/compiler";
import { parseDocuments } from "@pharos/documents";
import { LARGE, vehicleYaml } from "./vehicle.ts";

/** The large synthetic vehicle as a revision holds it. Throws when a document is not valid. */
export function largeContent(): RevisionContent {
  const parsed = parseDocuments(vehicleYaml(LARGE));
  const [error] = parsed.findings.filter((finding) => finding.severity === "ERROR");
  if (error !== undefined) throw new Error(`${error.path}: ${error.description}`);
  const documents = documentSet(parsed.documents.map(({ object }) => object).filter(isVehicleDocument));
  return freeze({ documents, allocations: allocateBlocks(documents, []).value, leases: [] });
}
