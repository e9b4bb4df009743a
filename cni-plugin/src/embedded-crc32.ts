import koffi from "koffi";
import { once } from "./linux/once.ts";

/**
 * Takes the place of `node:zlib` in the single executable, which needs its checksum only: loading that module costs 4 ms, because
 * streams come with it. Node's executable offers the zlib inside it to addons.
 */
const native = once(() => {
  try {
    return koffi.load(null).func("uint32_t crc32(uint32_t, const void *, uint32_t)");
  } catch {
    return undefined;
  }
});

/** CRC-32 (ISO 3309) of `bytes` behind others whose CRC-32 is `value`. */
export function crc32(bytes: Buffer, value = 0): number {
  // zlib takes the address of an empty buffer, which is none, for the question where to begin.
  if (bytes.length === 0) return value;
  return native.get()?.(value, bytes, bytes.length) ?? process.getBuiltinModule("node:zlib").crc32(bytes, value);
}
