import type { Checked } from "@pharos/base";
import type { Document } from "./document-kinds.ts";

/** How text becomes documents. Both calls keep the limits of `documents` on size, depth, aliases and time, and never throw on bad text. */
export interface DocumentReader {
  /** Canonical documents, with defaults, and findings. */
  documents(text: string): Promise<Checked<readonly Document[]>>;
  /** The YAML documents as plain values, whatever their kind. */
  values(text: string): Promise<Checked<readonly unknown[]>>;
}
