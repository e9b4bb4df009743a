// Error codes are unique, inside their package's range, and all listed in docs/reference/errors.md (written with --write).
import { globSync, readFileSync, writeFileSync } from "node:fs";

interface Entry {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly action: string;
  readonly file: string;
}

const REFERENCE = "docs/reference/errors.md";
const PATTERN = /export const (\w+)(?:: CodeEntry)? = \{\s*code: "PHAROS-(\d+)",\s*title: "((?:[^"\\]|\\.)*)",\s*action:\s*"((?:[^"\\]|\\.)*)",?\s*\}/g;

function entriesOf(file: string): Entry[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(PATTERN)].map((match) => ({
    name: match[1] ?? "",
    number: Number(match[2]),
    title: match[3] ?? "",
    action: match[4] ?? "",
    file,
  }));
  const mentioned = text.match(/"PHAROS-\d+"/g)?.length ?? 0;
  if (mentioned !== found.length) throw new Error(`${file}: ${mentioned} codes, of which ${found.length} can be read; keep to the shape of the others`);
  return found;
}

function table(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => `| PHAROS-${entry.number} | ${entry.title} | ${entry.action} |`);
  return ["# Error codes", "", "Made by `make generate` from the `codes.ts` files.", "", "| code | what happened | what to do |", "|---|---|---|", ...rows, ""].join("\n");
}

const files = globSync("{packages/*,operator,node-agent,cni-plugin,grpc-bridge,pharosctl,pharos}/src/**/codes.ts").sort();
const entries = [...files.flatMap(entriesOf)].sort((a, b) => a.number - b.number);
const twice = entries.filter((entry, index) => entries[index + 1]?.number === entry.number);
if (twice.length > 0) {
  console.error(twice.map((entry) => `PHAROS-${entry.number} is registered twice (${entry.file})`).join("\n"));
  process.exit(1);
}
if (process.argv.includes("--write")) {
  writeFileSync(REFERENCE, table(entries));
} else if (readFileSync(REFERENCE, "utf8") !== table(entries)) {
  console.error(`${REFERENCE} is stale: run make generate`);
  process.exit(1);
}
console.log(`codes: ${entries.length} codes, none twice`);
