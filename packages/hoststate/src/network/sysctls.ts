/** A value below /proc/sys/net. */
export interface Sysctl {
  /** Path below /proc/sys with slashes: `net/ipv4/ip_forward`. */
  readonly path: string;
  readonly value: string;
}
