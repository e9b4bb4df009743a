import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hostNameOf } from "./names.ts";

const MASK = 0xffff_ffff_ffff_ffffn;

/** The definition: FNV-1a with 64 bits and the finalizer of MurmurHash3. */
function hash64(text: string): bigint {
  const mixed = (hash: bigint, factor: bigint) => ((hash ^ (hash >> 33n)) * factor) & MASK;
  const start = new TextEncoder()
    .encode(text)
    .reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x100_0000_01b3n) & MASK, 0xcbf2_9ce4_8422_2325n);
  const hash = mixed(mixed(start, 0xff51_afd7_ed55_8ccdn), 0xc4ce_b9fe_1a85_ec53n);
  return hash ^ (hash >> 33n);
}

describe("names of links", () => {
  test("are those of the 64-bit hash for every key, so that a later release finds the links of this one", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (network, containerID, ifname) => {
        const hex = (hash64(`name/${network}/${containerID}/${ifname}/0`) >> 16n).toString(16).padStart(12, "0");
        expect(hostNameOf({ network, containerID, ifname })).toBe(`pv${hex}`);
      }),
    );
  });
});
