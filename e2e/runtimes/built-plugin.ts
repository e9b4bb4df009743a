import { execFileSync } from "node:child_process";
import { copyFileSync, linkSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Makes dist/pharos-cni where it is missing or old, and answers its path. */
export function builtPlugin(): string {
  execFileSync(process.execPath, [join(ROOT, "scripts/build-plugin.ts")], { stdio: ["ignore", "ignore", "inherit"] });
  return join(ROOT, "dist/pharos-cni");
}

/** Puts the plugin at `target`: a link where possible, for the executable has more than 100 MB. */
export function installPlugin(plugin: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(plugin, target);
  } catch {
    copyFileSync(plugin, target);
  }
}
