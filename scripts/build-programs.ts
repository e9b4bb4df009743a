// Bundles a program of ours into one file: dist/<name>.mjs.
import { existsSync } from "node:fs";
import { build } from "esbuild";

const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

for (const name of process.argv.slice(2)) {
  const worker = "packages/documents/src/worker.ts";
  await build({
    entryPoints: { [name]: `${name}/src/main.ts`, ...(existsSync(worker) ? { "documents-worker": worker } : {}) },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    sourcemap: "linked",
    // Native addons are loaded from node_modules, or from beside the bundle where there is none.
    external: ["netlink", "koffi"],
    banner: { js: REQUIRE },
    logLevel: "warning",
  });
  console.log(`build: dist/${name}.mjs`);
}
