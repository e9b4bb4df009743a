import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@pharos/base";
import { readIfPresent, writeDurably } from "../durable-file.ts";
import type { PendingBridge } from "./pending-bridges.ts";

/**
 * Pending requests as the plugin reads them at a pod's ADD: `<namespace>/<name>.json` below one folder, each renamed in whole. They
 * outlive the agent, and pods find them while it is away.
 */
export class RequestFiles {
  readonly #folder: string;
  /** Content of each file by path; undefined until the folder was read. */
  #known: Map<string, string> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder hold just these. */
  async keep(wanted: readonly PendingBridge[]): Promise<void> {
    this.#known ??= await this.#read();
    const known = this.#known;
    const contents = new Map(
      wanted.map(({ namespace, name, bridge }) => [
        join(this.#folder, namespace, `${name}.json`),
        `${JSON.stringify({ version: 1, bridge })}\n`,
      ]),
    );
    for (const [path, content] of contents) {
      if (known.get(path) === content) continue;
      await writeDurably(path, content);
      known.set(path, content);
    }
    for (const path of [...known.keys()].filter((one) => !contents.has(one))) {
      await rm(path, { force: true });
      known.delete(path);
      await removeIfEmpty(join(path, ".."));
    }
  }

  async #read(): Promise<Map<string, string>> {
    const paths = (await namesIn(this.#folder, { recursive: true })).filter((name) => name.endsWith(".json"));
    const files = await Promise.all(
      paths.map(async (name) => {
        const path = join(this.#folder, name);
        return [path, (await readIfPresent(path)) ?? ""] as const;
      }),
    );
    return new Map(files);
  }
}

async function namesIn(folder: string, options: { readonly recursive: true }): Promise<readonly string[]> {
  try {
    return await readdir(folder, options);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!isSystemError(error, "ENOTEMPTY") && !isSystemError(error, "ENOENT")) throw error;
  });
}
