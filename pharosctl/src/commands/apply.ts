import { allocateBlocks, documentSet, documentsOf, documentTitle, freeze, type RevisionContent } from "@pharos/compiler";
import { ApiClient } from "../api-client.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { changeTexts } from "../host-plans.ts";
import { liveContent, livePods } from "../live-documents.ts";
import type { Terminal } from "../terminal.ts";
import { checkAmong, parseVehicleFiles, requireNoErrors, type VehicleFiles } from "../vehicle-files.ts";

export interface ApplyOptions {
  readonly files: readonly string[];
  readonly server: string;
  readonly yes: boolean;
}

/** `apply`: shows what would change in each kernel, asks, and applies; done means that every reachable host has committed. */
export async function applyCommand(options: ApplyOptions, terminal: Terminal): Promise<ExitCode> {
  const read = await parseVehicleFiles(options.files);
  requireNoErrors(read.findings, terminal);
  const client = new ApiClient(options.server);
  try {
    const [before, live] = await Promise.all([liveContent(client), livePods(client)]);
    const after = overlaid(before, read);
    requireNoErrors(checkAmong(read, after.documents), terminal);
    const changes = changeTexts(before, after, live);
    terminal.out(changes.length === 0 ? "no kernel would change\n" : changes.map(({ host, text }) => `# ${host}\n${text}`).join("\n"));
    if (!options.yes && !(await terminal.confirm("apply?"))) {
      terminal.err("nothing was changed; --yes applies without asking\n");
      return EXIT.declined;
    }
    terminal.err("applying, waiting for all hosts\n");
    const { success, message, configVersion } = await client.applyConfiguration(read.text);
    if (!success) {
      terminal.err(`not applied: ${message}\n`);
      return EXIT.failure;
    }
    terminal.out(`applied as ${configVersion}${message === "" ? "" : `: ${message}`}\n`);
    return EXIT.ok;
  } finally {
    client.close();
  }
}

/** The live documents with those of the files in their place, and the blocks that are given out already. */
function overlaid(before: RevisionContent, read: VehicleFiles): RevisionContent {
  const given = documentsOf(read.documents);
  const titles = new Set(given.map(documentTitle));
  const documents = documentSet([...documentsOf(before.documents).filter((other) => !titles.has(documentTitle(other))), ...given]);
  return freeze({ documents, allocations: allocateBlocks(documents, before.allocations).value, leases: [] });
}
