import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TarEntry } from "./tar-stream.ts";

/** Writes entries of an image as files below a folder that is not there yet. Owners are whoever calls. */
export function writeTree(entries: readonly TarEntry[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const entry of entries) {
    const path = join(folder, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    if (entry.kind === "link") {
      symlinkSync(entry.target, path);
      continue;
    }
    if (entry.kind === "folder") mkdirSync(path, { recursive: true });
    else if (entry.kind === "text") writeFileSync(path, entry.text);
    else copyFileSync(entry.from, path);
    chmodSync(path, entry.mode ?? (entry.kind === "folder" ? 0o755 : 0o644));
  }
}
