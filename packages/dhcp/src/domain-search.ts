import { concatenated } from "./octets.ts";

const POINTER = 0xc0;
const MAX_LABEL = 63;
const MAX_NAME = 253;
/** A list of names has at most this many; a pointer may be followed once a byte, so reading ends however the pointers lead. */
const MAX_NAMES = 32;

/** Reads option 119 (RFC 3397): names in the wire form of DNS, with compression pointers inside the option. */
export function readDomains(bytes: Uint8Array): readonly string[] | undefined {
  const names: string[] = [];
  for (let at = 0; at < bytes.length && names.length < MAX_NAMES; ) {
    const name = nameAt(bytes, at);
    if (name === undefined) return undefined;
    if (name.text !== "") names.push(name.text);
    at = name.end;
  }
  return names.length === 0 ? undefined : names;
}

interface Name {
  readonly text: string;
  /** Offset behind the name. */
  readonly end: number;
}

function nameAt(bytes: Uint8Array, start: number): Name | undefined {
  const labels: string[] = [];
  let end: number | undefined;
  let at = start;
  for (let steps = 0; steps <= bytes.length; steps++) {
    const size = bytes[at];
    if (size === undefined) return undefined;
    if (size >= POINTER) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      end ??= at + 2;
      // Only backwards, as RFC 1035 has it: a loop is impossible.
      const target = (size - POINTER) * 256 + low;
      if (target >= at) return undefined;
      at = target;
      continue;
    }
    if (size > MAX_LABEL) return undefined;
    if (size === 0) {
      const text = labels.join(".");
      return text.length > MAX_NAME ? undefined : { text, end: end ?? at + 1 };
    }
    const label = String.fromCharCode(...bytes.subarray(at + 1, at + 1 + size));
    if (label.length !== size || !/^[A-Za-z0-9_-]+$/.test(label)) return undefined;
    labels.push(label);
    at += 1 + size;
  }
  return undefined;
}

/** The names without compression. */
export function writeDomains(names: readonly string[]): Uint8Array {
  const labels = names.flatMap((name) => [...name.split("."), ""]);
  return concatenated(labels.map((label) => Uint8Array.from([label.length, ...Array.from(label, (letter) => letter.charCodeAt(0))])));
}
