import { readFileSync, writeFileSync } from "node:fs";
import { isSystemError, PharosError } from "@pharos/base";
import type { Sysctl } from "@pharos/hoststate";
import { KERNEL_CODES } from "../codes.ts";
import type { LinuxContext } from "./context.ts";

function fileOf(path: string): string {
  if (!/^net\/[A-Za-z0-9_./-]+$/.test(path) || path.split("/").includes("..")) {
    throw new PharosError(KERNEL_CODES.sysctlRefused, `not a path below /proc/sys/net: ${path}`);
  }
  return `/proc/sys/${path}`;
}

/** What the calling thread's namespace has; undefined when there is no such value. */
export function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(fileOf(path), "utf8").trim();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The values in scope that exist. */
export function sysctlsIn(context: LinuxContext, scope: ReadonlySet<string>): readonly Sysctl[] {
  return context.inside(() =>
    [...scope].flatMap((path) => {
      const value = readSysctl(path);
      return value === undefined ? [] : [{ path, value }];
    }),
  );
}

/** Writes a value and reads it back: some are clamped or ignored without an error. */
export function writeSysctl(context: LinuxContext, { path, value }: Sysctl): void {
  const words = (text: string | undefined): string | undefined => text?.trim().replace(/\s+/g, " ");
  const file = fileOf(path);
  const now = context.inside(() => {
    try {
      writeFileSync(file, `${value}\n`);
      return readSysctl(path);
    } catch (cause) {
      throw new PharosError(KERNEL_CODES.sysctlRefused, `cannot set ${path} to ${value}`, { cause });
    }
  });
  if (words(now) !== words(value)) throw new PharosError(KERNEL_CODES.sysctlRefused, `${path} is ${now} after it was set to ${value}`);
}
