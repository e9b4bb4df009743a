import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { PharosError } from "@pharos/base";
import type { Revision, RevisionContent } from "@pharos/compiler";
import type { ConfigRevision } from "@pharos/kinds";
import { STORE_REVISION_TOO_LARGE, STORE_REVISION_UNREADABLE } from "./codes.ts";

/** Bytes of base64 text that a ConfigRevision may hold; etcd takes 1.5 MiB for a whole object. */
export const MAX_REVISION_BYTES = 1024 * 1024;

/** Bytes of JSON that a revision may unpack to; a guard against a gzip that explodes. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** A revision's content as a ConfigRevision carries it. */
export interface EncodedRevision {
  /** SHA-256 of the canonical JSON, in lower-case hexadecimal. */
  readonly hash: string;
  /** The canonical JSON, gzipped (RFC 1952), in base64 (RFC 4648). */
  readonly content: string;
}

/** A revision together with the hash that it was frozen with. */
export interface DecodedRevision extends Revision {
  readonly hash: string;
  /** Present in a rollback. */
  readonly pin?: NonNullable<ConfigRevision["spec"]["pin"]>;
}

/** SHA-256 of the text in lower-case hexadecimal: what tells that two revisions have the same content. */
export function revisionHash(canonical: string): string {
  return createHash("sha256").update(canonical).digest("hex");
}

/** Packs canonical JSON. Throws STORE_REVISION_TOO_LARGE when the result is over 1 MiB. */
export function encodeRevision(canonical: string): EncodedRevision {
  const content = gzipSync(canonical, { level: 9 }).toString("base64");
  if (content.length > MAX_REVISION_BYTES) {
    throw new PharosError(STORE_REVISION_TOO_LARGE, `the frozen documents take ${content.length} bytes, ${MAX_REVISION_BYTES} are allowed`);
  }
  return { hash: revisionHash(canonical), content };
}

/** Unpacks a ConfigRevision. Throws STORE_REVISION_UNREADABLE when it is damaged or does not match its hash. */
export function decodeRevision(object: ConfigRevision): DecodedRevision {
  const { epoch, number, hash, content, pin } = object.spec;
  const name = object.metadata.name;
  let text: string;
  let value: unknown;
  try {
    text = gunzipSync(Buffer.from(content, "base64"), { maxOutputLength: MAX_UNPACKED_BYTES }).toString("utf8");
    value = JSON.parse(text);
  } catch (cause) {
    throw new PharosError(STORE_REVISION_UNREADABLE, `ConfigRevision/${name} cannot be unpacked`, { cause });
  }
  if (revisionHash(text) !== hash) {
    throw new PharosError(STORE_REVISION_UNREADABLE, `ConfigRevision/${name} does not match its hash`);
  }
  return { epoch, number, hash, content: value as RevisionContent, ...(pin === undefined ? {} : { pin }) };
}
