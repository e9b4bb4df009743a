import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

const NAMESPACE = "builtin-at-first-use";

/**
 * Puts off loading Node's own modules from the start of a CommonJS bundle to the first use of something in them, all but those in
 * `atOnce` (`node:fs`). What a module of ours names at its top level, as a base class or a constant, is a use.
 */
export function builtinsAtFirstUse(atOnce: readonly string[]): Plugin {
  return {
    name: NAMESPACE,
    setup({ initialOptions: { alias = {} }, onResolve, onLoad }) {
      onResolve({ filter: /^node:/ }, ({ path, namespace }) => {
        if (path in alias) return undefined;
        return namespace === NAMESPACE || atOnce.includes(path) ? { path, external: true } : { path, namespace: NAMESPACE };
      });
      onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({ contents: getters(path), loader: "js" }));
    },
  };
}

function getters(path: string): string {
  if (!builtinModules.includes(path.replace(/^node:/, ""))) return `module.exports = require(${JSON.stringify(path)});`;
  const names = Object.keys(process.getBuiltinModule(path) ?? {});
  const members = names.map(
    (name) => `get ${JSON.stringify(name)}() { return process.getBuiltinModule(${JSON.stringify(path)})[${JSON.stringify(name)}]; }`,
  );
  return `module.exports = {\n${members.join(",\n")}\n};`;
}
