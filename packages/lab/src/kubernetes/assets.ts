import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A Go module whose programs we build, pinned. */
export interface PinnedModule {
  readonly module: string;
  readonly version: string;
  /** Version of the modules that the module replaces with folders of its own repository (Kubernetes' staging). */
  readonly staging?: string;
  /** Program name → package path. */
  readonly programs: Readonly<Record<string, string>>;
}

/** What is pinned in kube-versions.json, in the order of building. */
export function pinnedModules(): readonly PinnedModule[] {
  const file = join(import.meta.dirname, "kube-versions.json");
  const { modules } = JSON.parse(readFileSync(file, "utf8")) as { readonly modules: readonly PinnedModule[] };
  return modules;
}

/** Folder of built programs, outside the tree: `$XDG_CACHE_HOME/pharos/kube-assets`, or `~/.cache/pharos/kube-assets`. */
export function assetCache(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pharos", "kube-assets");
}

/** Where a module's programs lie: one folder per version, so that a new pin never meets an old program. */
export function moduleFolder(pinned: PinnedModule, env: NodeJS.ProcessEnv): string {
  return join(assetCache(env), `${pinned.module.replaceAll("/", "_")}@${pinned.version}`);
}

/** Path of a program: from `KUBEBUILDER_ASSETS` when it is there, else from the cache; undefined when it is in neither. */
export function kubeAsset(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const given = env.KUBEBUILDER_ASSETS;
  const built = pinnedModules()
    .filter(({ programs }) => program in programs)
    .map((pinned) => join(moduleFolder(pinned, env), program));
  return [...(given === undefined ? [] : [join(given, program)]), ...built].find((path) => existsSync(path));
}

/** As `kubeAsset`, but a missing program is an error that says how to get it. */
export function requireKubeAsset(program: string, env: NodeJS.ProcessEnv): string {
  const path = kubeAsset(program, env);
  if (path === undefined) throw new Error(`${program} is missing: \`make kube-assets\` builds it`);
  return path;
}
