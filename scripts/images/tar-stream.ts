import { createReadStream, lstatSync } from "node:fs";

/** One entry of an archive. Paths are absolute in the archive's root, without the leading slash. */
export type TarEntry =
  | { readonly kind: "folder"; readonly path: string; readonly mode?: number; readonly owner?: number }
  | { readonly kind: "file"; readonly path: string; readonly mode?: number; readonly owner?: number; readonly from: string }
  | { readonly kind: "text"; readonly path: string; readonly mode?: number; readonly text: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const BLOCK = 512;
const TYPES = { file: "0", text: "0", link: "2", folder: "5" } as const;

/**
 * An archive in ustar format (POSIX.1-1988), entries sorted by path, each with time 0, so that equal files give equal bytes.
 * Throws for paths that ustar cannot hold.
 */
export async function* tarStream(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of sorted) {
    const size = sizeOf(entry);
    yield header(entry, size);
    if (entry.kind === "text") yield Buffer.from(entry.text);
    if (entry.kind === "file") yield* createReadStream(entry.from) as AsyncIterable<Buffer>;
    const rest = size % BLOCK;
    if (rest > 0) yield Buffer.alloc(BLOCK - rest);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function sizeOf(entry: TarEntry): number {
  if (entry.kind === "text") return Buffer.byteLength(entry.text);
  return entry.kind === "file" ? lstatSync(entry.from).size : 0;
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = splitPath(entry.kind === "folder" ? `${entry.path}/` : entry.path);
  const owner = entry.kind === "file" || entry.kind === "folder" ? (entry.owner ?? 0) : 0;
  const put = (text: string, at: number) => block.write(text, at, "utf8");
  const octal = (value: number, at: number, length: number) => put(`${value.toString(8).padStart(length - 1, "0")}\0`, at);
  put(name, 0);
  octal(modeOf(entry), 100, 8);
  octal(owner, 108, 8);
  octal(owner, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  put("        ", 148);
  put(TYPES[entry.kind], 156);
  if (entry.kind === "link") put(entry.target, 157);
  put("ustar\0" + "00", 257);
  put(prefix, 345);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function modeOf(entry: TarEntry): number {
  if (entry.kind === "link") return 0o777;
  return entry.mode ?? (entry.kind === "folder" ? 0o755 : 0o644);
}

function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  const cuts = [...path.matchAll(/\//g)].map(({ index }) => index);
  const at = cuts.find((index) => index <= 155 && path.length - index - 1 <= 100 && index < path.length - 1);
  if (at === undefined) throw new Error(`${path} is too long for a tar archive`);
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}
