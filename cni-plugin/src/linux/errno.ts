/** Numbers of asm-generic/errno.h that the plugin tells apart; the same on x86-64 and arm64. */
export const ERRNO = { ENODEV: 19, EEXIST: 17, EINTR: 4, ENOBUFS: 105 } as const;

const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  22: "EINVAL",
  24: "EMFILE",
  28: "ENOSPC",
  34: "ERANGE",
  95: "EOPNOTSUPP",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  113: "EHOSTUNREACH",
};

/** `EEXIST (17)`, for messages. */
export function errnoText(errno: number): string {
  const name = NAMES[errno];
  return name === undefined ? `errno ${errno}` : `${name} (${errno})`;
}
