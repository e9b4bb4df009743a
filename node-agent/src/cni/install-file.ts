import { createHash } from "node:crypto";
import { copyFile, mkdir, open, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "@pharos/base";

/** Bytes that are read at a time, always into the same memory: an executable is larger than all that an agent needs. */
const PIECE = 256 * 1024;

/** SHA-256 of a file in hexadecimal; undefined when there is no file. */
export async function hashOfFile(path: string): Promise<string | undefined> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE);
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * Copies an executable to `target` so that a runtime which starts it meanwhile gets the old one or the new one, whole, also after a
 * power cut. Nothing is written where the content is the same, nor where both are one file.
 * @returns whether it was written.
 */
export async function installExecutable(source: string, target: string): Promise<boolean> {
  if (await isSameFile(source, target)) return false;
  const wanted = await hashOfFile(source);
  if (wanted !== undefined && wanted === (await hashOfFile(target)) && ((await stat(target)).mode & 0o111) === 0o111) return false;
  await replaceFile(target, 0o755, (temporary) => copyFile(source, temporary));
  return true;
}

/**
 * Makes a symbolic link where nothing of that name is, not even a link that leads nowhere.
 * @returns whether it was made.
 */
export async function linkIfMissing(path: string, target: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  }
}

/** Writes a text that every program on the host may read, as `installExecutable` does. */
export function installText(target: string, content: string): Promise<void> {
  return replaceFile(target, 0o644, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  });
}

async function replaceFile(target: string, mode: number, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  // Always the same name, so that what a power cut leaves is used again, and none that a runtime would read as a configuration.
  const temporary = `${target}.tmp`;
  try {
    await write(temporary);
    await synced(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await synced(folder);
}

async function synced(path: string, mode?: number): Promise<void> {
  const file = await open(path, "r");
  try {
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = [await statOf(a), await statOf(b)];
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/** A text that changes when a file is written or replaced; empty where there is none. */
export async function versionOfFile(path: string): Promise<string> {
  const found = await statOf(path);
  return found === undefined ? "" : [found.dev, found.ino, found.size, found.mtimeNs, found.mode].join(" ");
}

async function statOf(path: string) {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
