import { closeSync, openSync } from "node:fs";
import { isSystemError, PharosError } from "@pharos/base";
import koffi from "koffi";
import { KERNEL_CODES } from "../codes.ts";

const FOLDER = "/proc/sys";
/** Present on every kernel that we run on. */
const SAMPLE = `${FOLDER}/net/ipv4/ip_forward`;
/** mount(2): nosuid, nodev, noexec as on every procfs, and of this mount alone. */
const REMOUNT_WRITABLE = 0x2 | 0x4 | 0x8 | 0x20 | 0x1000;

/**
 * Makes /proc/sys writable in this process's mount namespace. Container runtimes cover it with a read-only mount unless a container is
 * privileged, which would be far more than the CAP_SYS_ADMIN that this takes. True when there was something to do. Throws PHAROS-2006
 * when the kernel refuses.
 */
export function makeSysctlsWritable(): boolean {
  if (!isReadOnly()) return false;
  const mount = koffi.load(null).func("int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)");
  if (mount(null, FOLDER, null, REMOUNT_WRITABLE, null) !== 0) {
    const reason = Object.entries(koffi.os.errno).find(([, number]) => number === koffi.errno())?.[0] ?? "unknown error";
    throw new PharosError(KERNEL_CODES.sysctlRefused, `${FOLDER} is read-only, and making it writable is refused: ${reason}`);
  }
  return true;
}

function isReadOnly(): boolean {
  try {
    closeSync(openSync(SAMPLE, "r+"));
    return false;
  } catch (error) {
    return isSystemError(error, "EROFS");
  }
}
