/** The dotted quad of four bytes at `offset`. */
export function addressAt(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset] ?? 0}.${bytes[offset + 1] ?? 0}.${bytes[offset + 2] ?? 0}.${bytes[offset + 3] ?? 0}`;
}

/** The four bytes of a dotted quad. RangeError for any other text. */
export function addressBytes(address: string): Uint8Array {
  const parts = address.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) throw new RangeError(`not an IPv4 address: ${JSON.stringify(address)}`);
  return Uint8Array.from(parts);
}

/** An IPv4 address as a number, for arithmetic with masks. */
export function addressNumber(address: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = addressBytes(address);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** The hardware address (EUI-48) at `offset`, lower case with colons. */
export function macAt(bytes: Uint8Array, offset: number): string {
  const part = (index: number) => (bytes[offset + index] ?? 0).toString(16).padStart(2, "0");
  return [0, 1, 2, 3, 4, 5].map(part).join(":");
}

/** The six bytes of a hardware address. RangeError for any other text. */
export function macBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) throw new RangeError(`not a hardware address: ${JSON.stringify(mac)}`);
  return Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));
}

/** Big-endian number of `size` bytes, at most 4. */
export function numberAt(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + (bytes[offset + index] ?? 0);
  return value;
}

/** The number in `size` bytes, big-endian. */
export function numberBytes(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
