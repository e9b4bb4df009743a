import { hasErrors, type Log } from "@pharos/base";
import { allocateBlocks, canonicalJson, documentSet, freeze, isVehicleDocument } from "@pharos/compiler";
import { revisionHash } from "@pharos/store";
import { AGENT_SEED_INVALID } from "./codes.ts";
import { readIfPresent } from "./durable-file.ts";
import type { HashedRevision } from "./snapshot.ts";

/** The epoch of revisions that come from a seed; no store has it. */
const SEED_EPOCH = "seed";

/**
 * Revision 0 from the seed file: what a host runs on its first boot, when it may need its address to reach the store at all.
 * Undefined when there is no file, or (with an error in the log) when it has errors.
 */
export async function readSeed(path: string, log: Log): Promise<HashedRevision | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  // Most hosts have no seed, and the parser and its schemas are large.
  const { parseDocumentsInWorker } = await import("@pharos/documents");
  const { documents, findings } = await parseDocumentsInWorker(text, { file: path });
  if (hasErrors(findings)) {
    for (const { source, path: field, description } of findings) {
      log.error(`${AGENT_SEED_INVALID.code} ${AGENT_SEED_INVALID.title}`, { line: source?.line, field, description });
    }
    return undefined;
  }
  const set = documentSet(documents.map(({ object }) => object).filter(isVehicleDocument));
  const content = freeze({ documents: set, allocations: allocateBlocks(set, []).value, leases: [] });
  return { epoch: SEED_EPOCH, number: 0, hash: revisionHash(canonicalJson(content)), content };
}
