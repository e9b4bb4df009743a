import { stringify } from "yaml";

/** The outside world of a command, passed in so that tests can give another. */
export interface Terminal {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error: progress, advice. */
  err(text: string): void;
  /** Asks a yes/no question; false when nobody can answer. */
  confirm(question: string): Promise<boolean>;
}

export type OutputFormat = "table" | "json" | "yaml";

/** Prints a value for programs, or its table for people. */
export function printValue(terminal: Terminal, format: OutputFormat, value: unknown, table: () => string): void {
  if (format === "json") terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === "yaml") terminal.out(stringify(value));
  else terminal.out(table());
}

/** A table with aligned columns, one row a line; no rows give "none". */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "none\n";
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[header, ...rows].map(line).join("\n")}\n`;
}
