/** What a text may cost before it is refused. */
export interface Limits {
  /** Length of the text in bytes (UTF-8). */
  readonly bytes: number;
  readonly documents: number;
  /** Nesting of maps and lists. */
  readonly depth: number;
  /** Aliases (`*name`) in the whole text. */
  readonly aliases: number;
  /** Values, those behind aliases counted each time. */
  readonly nodes: number;
  /** Findings after which reading stops. */
  readonly findings: number;
}

export const DEFAULT_LIMITS: Limits = {
  bytes: 4 * 1024 * 1024,
  documents: 1000,
  depth: 64,
  aliases: 1000,
  nodes: 400_000,
  findings: 200,
};
