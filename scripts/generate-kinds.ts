// Makes packages/kinds/src/generated, docs/reference/<kind>.md and docs/reference/schema from crds/.
// `--check` writes nothing; it names the files that are stale and exits 1.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readKinds } from "./kinds/crd.ts";
import { editorSchemas } from "./kinds/json-schema.ts";
import { METADATA } from "./kinds/metadata.ts";
import { celModule, fileOf, kindsModule, schemasModule, validatorsModule } from "./kinds/modules.ts";
import { referenceIndex, referencePage } from "./kinds/reference.ts";
import { kindModule, objectModule } from "./kinds/types.ts";

const ROOT = resolve(import.meta.dirname, "..");
const GENERATED = "packages/kinds/src/generated";
const REFERENCE = "docs/reference";

/** All files that crds/ decides, by path from the root of the repository. */
function wantedFiles(): ReadonlyMap<string, string> {
  const kinds = readKinds(join(ROOT, "crds"));
  const [first] = kinds;
  if (first === undefined) throw new Error("crds/ is empty");
  const files = new Map<string, string>();
  for (const definition of kinds) {
    files.set(`${GENERATED}/${fileOf(definition.kind)}`, kindModule(definition).text);
    files.set(`${REFERENCE}/${definition.kind.toLowerCase()}.md`, referencePage(definition));
  }
  files.set(`${GENERATED}/object.ts`, objectModule(first, METADATA));
  files.set(`${GENERATED}/kinds.ts`, kindsModule(kinds));
  files.set(`${GENERATED}/schemas.ts`, schemasModule(kinds));
  files.set(`${GENERATED}/cel-rules.ts`, celModule(kinds));
  files.set(`${GENERATED}/validators.ts`, validatorsModule(kinds));
  files.set(`${REFERENCE}/README.md`, referenceIndex(kinds));
  for (const [path, text] of editorSchemas(kinds)) files.set(`${REFERENCE}/schema/${path}`, text);
  return files;
}

/** Files that are there and that only this program may have made. */
function presentFiles(): readonly string[] {
  return globSync([`${GENERATED}/**/*.ts`, `${REFERENCE}/schema/**/*.json`], { cwd: ROOT });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return undefined;
  }
}

function write(path: string, text: string | undefined): void {
  const full = join(ROOT, path);
  if (text === undefined) {
    rmSync(full);
    return;
  }
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

const wanted = wantedFiles();
const stale = [...new Set([...wanted.keys(), ...presentFiles()])].filter((path) => wanted.get(path) !== textOf(path)).sort();
if (process.argv.includes("--check")) {
  for (const path of stale) console.error(`${path} is stale: run make generate`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const path of stale) write(path, wanted.get(path));
}
console.log(`kinds: ${wanted.size} generated files, ${stale.length} stale`);
