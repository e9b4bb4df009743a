import { builtinModules, createRequire } from "node:module";
import type { Plugin } from "esbuild";

const NAMESPACE = "module-at-first-use";

/** Which modules of others a bundle loads when. */
export interface FirstUse {
  /** Node's own modules that are loaded at once; all others of Node's wait. */
  readonly atOnce: readonly string[];
  /** CommonJS packages that wait. */
  readonly packages: readonly string[];
}

/**
 * Puts off loading modules of Node's and of packages from the start of a CommonJS bundle to the first use of something in them. What
 * a module of ours names at its top level, as a base class or a constant, is a use.
 */
export function modulesAtFirstUse({ atOnce, packages }: FirstUse): Plugin {
  return {
    name: NAMESPACE,
    setup({ initialOptions: { alias = {} }, onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path, namespace }) => {
        if (path in alias) return undefined;
        const isBuiltin = path.startsWith("node:");
        if (namespace === NAMESPACE || (!isBuiltin && !packages.includes(path))) return isBuiltin ? { path, external: true } : undefined;
        return atOnce.includes(path) ? { path, external: true } : { path, namespace: NAMESPACE };
      });
      onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: getters(path),
        loader: "js",
        resolveDir: import.meta.dirname,
      }));
    },
  };
}

function getters(path: string): string {
  const name = JSON.stringify(path);
  const isBuiltin = builtinModules.includes(path.replace(/^node:/, ""));
  // Modules that exist only with their prefix are not in that list, and small.
  if (path.startsWith("node:") && !isBuiltin) return `module.exports = require(${name});`;
  const members: object = isBuiltin ? (process.getBuiltinModule(path) ?? {}) : createRequire(import.meta.url)(path);
  const load = isBuiltin ? `process.getBuiltinModule(${name})` : `require(${name})`;
  const lines = Object.keys(members).map((key) => `get ${JSON.stringify(key)}() { return ${load}[${JSON.stringify(key)}]; }`);
  return `module.exports = {\n${lines.join(",\n")}\n};`;
}
