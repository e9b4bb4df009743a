/**
 * True for a name that Linux accepts for an interface (1 to 15 bytes) and that needs no quoting anywhere: ASCII letters, digits,
 * `_`, `.`, `-`, not beginning with `.` or `-`. `all` and `default` are refused, as the kernel uses them below /proc/sys.
 */
export function isInterfaceName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(name) && name !== "all" && name !== "default";
}
