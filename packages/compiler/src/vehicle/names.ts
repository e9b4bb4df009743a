/** The vehicle-wide name of a host's interface: `vm1` and `eth0` give `vm1Eth0`. It is also the interface's port name on the parent SoC. */
export function qualifiedName(host: string, name: string): string {
  return `${host}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Order of text by code units, the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
