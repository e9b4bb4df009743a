import type { Comparison } from "../reachability.ts";
import { ruleLine, type VehicleDocuments } from "./documents.ts";

/** A matrix of what packets could do (rows reach columns), then why: the flows grouped by what decided them. */
export function reachabilityText(comparisons: readonly Comparison[], given: VehicleDocuments): string {
  return `${matrix(comparisons)}\n\n${reasons(comparisons, given)}`;
}

function matrix(comparisons: readonly Comparison[]): string {
  const places = [...new Set(comparisons.map(({ from }) => from))];
  const rows = places.map((from) => [from, ...places.map((to) => cell(comparisons.filter((one) => one.from === from && one.to === to)))]);
  return aligned([["", ...places], ...rows]);
}

/** `all`, `-`, or the traffic that passed; a star marks a pair where explain said otherwise. */
function cell(flows: readonly Comparison[]): string {
  if (flows.length === 0) return ".";
  const passed = flows.filter(({ reached }) => reached);
  const text = passed.length === flows.length ? "all" : passed.length === 0 ? "-" : passed.map(({ traffic }) => traffic).join(" ");
  return flows.every(({ agree }) => agree) ? text : `${text} *`;
}

function reasons(comparisons: readonly Comparison[], { placed }: VehicleDocuments): string {
  const groups = Map.groupBy(comparisons, ({ explanation: { document, path, rule, reason, verdict } }) => {
    const cause = rule === undefined ? reason.replace(/ on \S+ \(\w+\)$/, "") : `${rule}  (${ruleLine(placed, document, path)})`;
    return `${verdict}\n${cause}`;
  });
  const rows = [...groups].map(([key, flows]) => {
    const [verdict = "", cause = ""] = key.split("\n");
    const measured = flows.filter(({ reached }) => reached).length;
    return [verdict, `${flows.length} flows`, `${measured} reached`, cause];
  });
  return aligned([["EXPLAINED", "", "MEASURED", "WHY"], ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}`,
    )
    .join("\n");
}
