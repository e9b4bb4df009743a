import { hasErrors } from "@pharos/base";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { type OutputFormat, printValue, type Terminal } from "../terminal.ts";
import { findingLines, readVehicleFiles } from "../vehicle-files.ts";

/** `validate`: findings of the documents by themselves and against each other. */
export async function validateCommand(files: readonly string[], format: OutputFormat, terminal: Terminal): Promise<ExitCode> {
  const { placed, findings } = await readVehicleFiles(files);
  const failed = hasErrors(findings);
  printValue(terminal, format, findings, () => findingLines(findings) + (failed ? "" : `${placed.length} documents are valid\n`));
  return failed ? EXIT.findings : EXIT.ok;
}
