// Error codes: none registered twice, and all listed in docs/reference/errors.md (written with --write).
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CodeEntry } from "@pharos/base";

interface Registered extends CodeEntry {
  readonly file: string;
}

const REFERENCE = "docs/reference/errors.md";

function isEntry(value: unknown): value is CodeEntry {
  return typeof value === "object" && value !== null && "code" in value && "title" in value && "action" in value;
}

/** Entries that a module exports by themselves, or grouped in an object. */
async function entriesOf(file: string): Promise<readonly Registered[]> {
  const exported = Object.values((await import(resolve(file))) as Record<string, unknown>);
  const entries = exported.flatMap((value) => (isEntry(value) ? [value] : Object.values(value ?? {}).filter(isEntry)));
  if (entries.length === 0) throw new Error(`${file} registers no code`);
  return entries.map((entry) => ({ ...entry, file }));
}

function table(entries: readonly CodeEntry[]): string {
  const rows = entries.map((entry) => `| ${entry.code} | ${entry.title} | ${entry.action} |`);
  return [
    "# Error codes",
    "",
    "Made by `make generate` from the `codes.ts` files.",
    "",
    "| code | what happened | what to do |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

const numberOf = ({ code }: CodeEntry) => Number(code.slice("PHAROS-".length));
const files = globSync("{packages/*,operator,node-agent,cni-plugin,grpc-bridge,pharosctl,pharos}/src/**/codes.ts").sort();
const entries = (await Promise.all(files.map(entriesOf))).flat().sort((a, b) => numberOf(a) - numberOf(b));
const twice = entries.filter((entry, index) => entries[index + 1]?.code === entry.code);
for (const { code, file } of twice) console.error(`${code} is registered twice (${file})`);
if (process.argv.includes("--write")) writeFileSync(REFERENCE, table(entries));
const stale = readFileSync(REFERENCE, "utf8") !== table(entries);
if (stale) console.error(`${REFERENCE} is stale: run make generate`);
console.log(`codes: ${entries.length} codes in ${files.length} registers`);
if (twice.length > 0 || stale) process.exit(1);
