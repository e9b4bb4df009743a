import type { Checked, Finding } from "@pharos/base";
import { isVehicleDocument, type VehicleDocument } from "@pharos/compiler";
import { parseDocumentsInWorker, readValues } from "@pharos/documents";
import { BRIDGE_KIND_REFUSED } from "../codes.ts";

/** Canonical documents of a text, with defaults, and findings. Never throws for bad text, and never holds up other calls for long. */
export async function readDocumentsOf(text: string): Promise<Checked<readonly VehicleDocument[]>> {
  const { documents, findings } = await parseDocumentsInWorker(text);
  const foreign = documents.flatMap(({ object, document, line }): Finding[] => {
    if (isVehicleDocument(object)) return [];
    const { code, action } = BRIDGE_KIND_REFUSED;
    const description = `${object.kind} is made by Pharos itself`;
    return [{ code, severity: "ERROR", path: "kind", description, recommendation: action, source: { document, line } }];
  });
  return { value: documents.map(({ object }) => object).filter(isVehicleDocument), findings: [...findings, ...foreign] };
}

/** The YAML documents of a short text as plain values, whatever their kind. Never throws for bad text. */
export function readValuesOf(text: string): Checked<readonly unknown[]> {
  return readValues(text);
}
