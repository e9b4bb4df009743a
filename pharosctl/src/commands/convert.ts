import { hasErrors } from "@pharos/base";
import { type Spelling, stringifyDocuments } from "@pharos/documents";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { findingLines, parseVehicleFiles } from "../vehicle-files.ts";

/** `convert`: the same documents in the other spelling, also of a vehicle that is not complete. Comments are not kept. */
export async function convertCommand(files: readonly string[], spelling: Spelling, terminal: Terminal): Promise<ExitCode> {
  const { placed, findings } = await parseVehicleFiles(files);
  if (hasErrors(findings)) {
    terminal.err(findingLines(findings));
    return EXIT.findings;
  }
  terminal.out(
    stringifyDocuments(
      placed.map(({ object }) => object),
      spelling,
    ),
  );
  return EXIT.ok;
}
