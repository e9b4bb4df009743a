import { constants } from "node:os";
import { PharosError } from "@pharos/base";
import { KERNEL_CODES } from "../codes.ts";

/** Refusals that are part of a normal day, by their numbers (asm-generic/errno.h): loading `node:os` for a name costs a short-lived process time. */
const COMMON_ERRORS: Readonly<Record<number, string>> = { 2: "ENOENT", 17: "EEXIST", 19: "ENODEV", 22: "EINVAL", 97: "EAFNOSUPPORT" };

/** The name of a Linux error number: `EEXIST` of 17. Two numbers have a second name that the kernel does not use. */
export function errnoName(errno: number): string {
  const common = COMMON_ERRORS[errno];
  if (common !== undefined) return common;
  if (errno === constants.errno.EOPNOTSUPP) return "EOPNOTSUPP";
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return Object.keys(numbers).find((name) => numbers[name] === errno) ?? `errno ${errno}`;
}

/** The kernel refused a request (PHAROS-2000). */
export class NetlinkError extends PharosError {
  /** Positive Linux error number. */
  readonly errno: number;
  /** Its name: `EEXIST`. */
  readonly reason: string;

  constructor(errno: number) {
    const reason = errnoName(errno);
    super(KERNEL_CODES.netlinkRefused, `the kernel answered ${reason}`);
    this.errno = errno;
    this.reason = reason;
  }
}

/** True when the kernel refused with one of these error names. */
export function isRefusal(error: unknown, ...reasons: readonly string[]): boolean {
  return error instanceof NetlinkError && reasons.includes(error.reason);
}
