import type { Plugin } from "esbuild";

const RESOLVING = "modules-without-side-effects";

/**
 * Leaves out modules of ours of which a bundle uses nothing. Without this esbuild keeps what their top levels compute, since that could
 * have an effect; with us it has none, because no module has state.
 */
export function modulesWithoutSideEffects(): Plugin {
  return {
    name: RESOLVING,
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^(@pharos\/|\.)/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === RESOLVING || kind === "entry-point" || resolveDir.includes("/node_modules/")) return undefined;
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: RESOLVING });
        return { ...found, sideEffects: false };
      });
    },
  };
}
