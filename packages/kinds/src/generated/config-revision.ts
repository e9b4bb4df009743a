// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** An immutable snapshot of all documents, numbered, as agents compile it. Pharos makes these. */
export interface ConfigRevision {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "ConfigRevision";
  readonly metadata: ObjectMeta;
  readonly spec: ConfigRevisionSpec;
  readonly status?: ConfigRevisionStatus;
}

/** The snapshot. It never changes. */
export interface ConfigRevisionSpec {
  /** Names the history that the number belongs to; a new store begins a new one. Example: "8c7d1f0e". */
  readonly epoch: string;
  /** Counts the revisions of an epoch from 1; 0 is what a host starts with. Example: 7. */
  readonly number: number;
  /** SHA-256 of the unpacked content, in lower-case hexadecimal. Example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08". */
  readonly hash: string;
  /** The documents and allocations as JSON (UTF-8), gzip (RFC 1952), base64 (RFC 4648). */
  readonly content: string;
  /** Why it was frozen, for people. Example: "rollback to 5". */
  readonly reason?: string;
  /** Present in a rollback, which stays until somebody changes a document. */
  readonly pin?: ConfigRevisionPin;
  /** Identifies the change set that it holds. Example: "6b1c". */
  readonly change?: string;
}

/** Present in a rollback, which stays until somebody changes a document. */
export interface ConfigRevisionPin {
  /** Number of the revision whose documents this one holds again. Example: 5. */
  readonly number: number;
  /** Value of the annotation pharos.io/rollback that asked for it. Example: "3f0c1d2e". */
  readonly request: string;
  /** SHA-256 over uid and generation of the documents as they were left, in lower-case hexadecimal. Example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08". */
  readonly documents: string;
}

/** How far it has been rolled out. */
export interface ConfigRevisionStatus {
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
