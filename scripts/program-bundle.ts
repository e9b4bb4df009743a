import type { BuildOptions } from "esbuild";

const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** How one of our programs is bundled: dist/<output>.mjs, with what is loaded only when it is called in dist/<output>-part-*.mjs beside it. */
export function programBundle(entry: string, output: string) {
  return {
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
  } as const satisfies BuildOptions;
}

/** The worker that checks documents, loaded by all programs from beside them. */
export const DOCUMENTS_WORKER = programBundle("packages/documents/src/worker.ts", "documents-worker");
