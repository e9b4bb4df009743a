import type { AttachmentKey, MappedPort } from "./entry.ts";

/** What a choice for one attachment has to know of all others, read without decoding their whole records. Not to be spread. */
export interface EntryHead {
  readonly key: AttachmentKey;
  readonly bridge: string;
  readonly hostName: string;
  readonly bootId: string;
  readonly addresses: readonly string[];
  readonly ports: readonly MappedPort[];
  readonly primary: string | undefined;
}
