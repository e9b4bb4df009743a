/** A file that is ours entirely, replaced by rename. */
export interface RenderedFile {
  /** Absolute path on the host (below the agent's root folder). */
  readonly path: string;
  /** Permission bits, for example 0o644. */
  readonly mode: number;
  readonly content: string;
}
