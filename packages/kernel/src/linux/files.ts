import { type FileHandle, lstat, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname, normalize } from "node:path";
import { isSystemError, PharosError } from "@pharos/base";
import type { RenderedFile } from "@pharos/hoststate";
import { KERNEL_CODES } from "../codes.ts";

function isMissing(error: unknown): boolean {
  return isSystemError(error, "ENOENT", "ENOTDIR");
}

function below(root: string, path: string): string {
  if (!path.startsWith("/") || normalize(path) !== path || path.endsWith("/") || path.includes("\0")) {
    throw new PharosError(KERNEL_CODES.fileRefused, `not a plain absolute path: ${path}`);
  }
  return `${root}${path}`;
}

async function readRegular(root: string, path: string): Promise<RenderedFile | undefined> {
  const file = below(root, path);
  try {
    const info = await lstat(file);
    if (!info.isFile()) return undefined;
    return { path, mode: info.mode & 0o7777, content: await readFile(file, "utf8") };
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new PharosError(KERNEL_CODES.fileRefused, `cannot read ${file}`, { cause });
  }
}

/** The files in scope that are there. A symbolic link counts as missing: it is replaced, not written through. */
export async function filesIn(root: string, scope: ReadonlySet<string>): Promise<readonly RenderedFile[]> {
  const files = await Promise.all([...scope].map((path) => readRegular(root, path)));
  return files.filter((file) => file !== undefined);
}

async function withHandle(path: string, flags: string, mode: number, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, flags, mode);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  await withHandle(dirname(path), "r", 0, (handle) => handle.sync());
}

/** Replaces a file so that after a power cut either the old or the new one is there, whole. */
export async function writeRendered(root: string, { path, mode, content }: RenderedFile): Promise<void> {
  const file = below(root, path);
  const temporary = `${file}.pharos-new`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await withHandle(temporary, "w", mode, async (handle) => {
      await handle.writeFile(content);
      await handle.chmod(mode);
      await handle.sync();
    });
    await rename(temporary, file);
    await syncFolder(file);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new PharosError(KERNEL_CODES.fileRefused, `cannot write ${file}`, { cause });
  }
}

/** Deletes a file; one that is missing is deleted already. */
export async function deleteRendered(root: string, path: string): Promise<void> {
  const file = below(root, path);
  try {
    await unlink(file);
    await syncFolder(file);
  } catch (cause) {
    if (!isMissing(cause)) throw new PharosError(KERNEL_CODES.fileRefused, `cannot delete ${file}`, { cause });
  }
}
