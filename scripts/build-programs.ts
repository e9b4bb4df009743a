// Bundles programs of ours: dist/<name>.mjs, with what is loaded only when it is called in dist/<name>-part-*.mjs beside it.
import { globSync, rmSync } from "node:fs";
import { build } from "esbuild";

const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

function bundle(entry: string, output: string): Promise<unknown> {
  return build({
    entryPoints: { [output]: entry },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    sourcemap: "linked",
    // Parts lie beside the program: what a module finds beside itself it finds beside the bundle, too.
    splitting: true,
    chunkNames: `${output}-part-[hash]`,
    // Native addons are loaded from node_modules, or from beside the bundle where there is none.
    external: ["netlink", "koffi"],
    banner: { js: REQUIRE },
    logLevel: "warning",
  });
}

for (const name of process.argv.slice(2)) {
  for (const part of globSync(`dist/${name}-part-*`)) rmSync(part);
  await bundle(`${name}/src/main.ts`, name);
  await bundle("packages/documents/src/worker.ts", "documents-worker");
  console.log(`build: dist/${name}.mjs`);
}
