// Bundles programs of ours: dist/<name>.mjs, with what is loaded only when it is called in dist/<name>-part-*.mjs beside it.
import { globSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { DOCUMENTS_WORKER, programBundle } from "./program-bundle.ts";

for (const name of process.argv.slice(2)) {
  for (const part of globSync(`dist/${name}-part-*`)) rmSync(part);
  await build(programBundle(`${name}/src/main.ts`, name));
  await build(DOCUMENTS_WORKER);
  console.log(`build: dist/${name}.mjs`);
}
