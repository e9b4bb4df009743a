import { EXIT, type ExitCode } from "../exit-codes.ts";
import { planTexts } from "../host-plans.ts";
import { type OutputFormat, printValue, type Terminal } from "../terminal.ts";
import { contentOf, readVehicleFiles, requireVehicle } from "../vehicle-files.ts";

export interface PlanOptions {
  readonly files: readonly string[];
  readonly hosts: readonly string[];
  readonly format: OutputFormat;
}

/** `plan`: what each host's kernel would get, as text. */
export async function planCommand({ files, hosts, format }: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  const read = await readVehicleFiles(files);
  requireVehicle(read, terminal);
  const plans = planTexts(contentOf(read.documents), hosts);
  printValue(terminal, format, plans, () => plans.map(({ host, text }) => `# ${host}\n${text}`).join("\n"));
  return EXIT.ok;
}
