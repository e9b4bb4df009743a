import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrors } from "@pharos/base";
import { allocateBlocks, buildVehicle, type DocumentSet, documentSet, freeze, isVehicleDocument, type Vehicle } from "@pharos/compiler";
import { lineOf, type PlacedDocument, parseDocuments } from "@pharos/documents";

/** The documents of a vehicle and what they mean. */
export interface VehicleDocuments {
  readonly text: string;
  readonly placed: readonly PlacedDocument[];
  readonly documents: DocumentSet;
  readonly vehicle: Vehicle;
}

/** Reads documents from files below `folder`; throws when they have errors. */
export async function readVehicle(folder: string, files: readonly string[]): Promise<VehicleDocuments> {
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const parsed = texts.map((text, index) => parseDocuments(text, { file: files[index] ?? "" }));
  return understand(
    texts.join("\n---\n"),
    parsed.flatMap(({ documents }) => documents),
    parsed.flatMap(({ findings }) => findings).filter(({ severity }) => severity === "ERROR").length,
  );
}

/** The same from one text. */
export function vehicleOf(text: string): VehicleDocuments {
  const { documents, findings } = parseDocuments(text, { file: "vehicle.yaml" });
  return understand(text, documents, hasErrors(findings) ? 1 : 0);
}

function understand(text: string, placed: readonly PlacedDocument[], errors: number): VehicleDocuments {
  const documents = documentSet(placed.map(({ object }) => object).filter(isVehicleDocument));
  const vehicle = buildVehicle(freeze({ documents, allocations: allocateBlocks(documents, []).value, leases: [] })).value;
  if (vehicle === undefined || errors > 0) throw new Error(`the documents have ${errors} errors`);
  return { text, placed, documents, vehicle };
}

/** `file:line` of a rule, for people. */
export function ruleLine(placed: readonly PlacedDocument[], document: string | undefined, path: string | undefined): string {
  const at = placed.find((other) => other.document === document);
  return at === undefined ? "" : `${at.file ?? ""}:${lineOf(at, path ?? "")}`;
}
