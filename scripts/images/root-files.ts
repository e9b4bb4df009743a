import { spawnSync } from "node:child_process";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TarEntry } from "./tar-stream.ts";

/** Folders above all entries, so that an archive never relies on whoever unpacks it. */
export function withFolders(entries: readonly TarEntry[]): readonly TarEntry[] {
  const named = new Set(entries.map(({ path }) => path));
  const folders = new Set(entries.flatMap(({ path }) => parents(path)).filter((path) => !named.has(path)));
  const distinct = new Map(entries.map((entry) => [entry.path, entry]));
  return [...[...folders].map((path): TarEntry => ({ kind: "folder", path })), ...distinct.values()];
}

function parents(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...parents(parent), parent];
}

/** A program of this machine with the shared libraries that it is linked to, at the same places. */
export function programFiles(program: string, to = program.slice(1)): readonly TarEntry[] {
  const libraries = libraryPaths(program).map(
    (path): TarEntry => ({ kind: "file", path: path.slice(1), from: realpathSync(path), mode: 0o755 }),
  );
  return [{ kind: "file", path: to, from: realpathSync(program), mode: 0o755 }, ...libraries];
}

/** ldd's answer: `name => /path (address)` and `/path (address)`; a static program has none, which ldd calls a failure. */
function libraryPaths(program: string): readonly string[] {
  const { stdout: text } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/** All files of a folder. */
export function folderFiles(from: string, to: string): readonly TarEntry[] {
  return readdirSync(from, { recursive: true, encoding: "utf8" }).flatMap((name): readonly TarEntry[] => {
    const path = join(from, name);
    const { mode } = statSync(path);
    return statSync(path).isFile() ? [{ kind: "file", path: join(to, name), from: path, mode: mode & 0o755 }] : [];
  });
}
