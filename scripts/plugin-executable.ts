import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { modulesAtFirstUse } from "./modules-at-first-use.ts";
import { modulesWithoutSideEffects } from "./modules-without-side-effects.ts";

const ROOT = resolve(import.meta.dirname, "..");
const OUTPUT = join(ROOT, "dist/pharos-cni");
const CACHE_MAKER = join(import.meta.dirname, "plugin-code-cache.ts");
const CACHE_RECIPE = [CACHE_MAKER, ...["plugin-training.ts", "training-kernel.ts"].map((file) => join(import.meta.dirname, file))];
const MAXIMUM_BYTES = 125e6;
/**
 * All work is on the main thread, so one helper of V8 is enough; nobody attaches a debugger. From its seed V8 derives primes for its hashes at
 * each start, by trial: this seed finds them with the fewest trials (of 2,500, with this release of Node). It is the one V8 flag that does
 * not void Node's own code cache.
 */
const NODE_OPTIONS: readonly string[] = ["--v8-pool-size=1", "--disable-sigusr1", "--random-seed=1375"];

export interface BuiltPlugin {
  readonly path: string;
  readonly bytes: number;
  /** True when the executable was there already, made from the same inputs. */
  readonly fresh: boolean;
}

/** What a measurement changes. */
export interface PluginVariant {
  /** Path of the executable. */
  readonly output: string;
  /** Text of statements that run before the program, in its scope. */
  readonly preamble?: string;
}

/**
 * Makes dist/pharos-cni unless it was made from the same inputs before: bundle, Node, addon and this recipe.
 * Safe to call from several processes: the executable and its stamp are renamed in.
 */
export async function buildPlugin({ output, preamble = "" }: PluginVariant = { output: OUTPUT }): Promise<BuiltPlugin> {
  const stamp = `${output}.inputs`;
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const node = join(ROOT, `node_modules/node-linux-${arch}/bin/node`);
  const addon = join(ROOT, `node_modules/@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  const [bundle, boot] = [preamble + (await bundled(PLUGIN_BUNDLE)), await bundled(BOOT_BUNDLE)];
  const recipe = [import.meta.filename, ...CACHE_RECIPE].map((file) => readFileSync(file));
  const inputs = hashOf([bundle, boot, String(statSync(node).size), readFileSync(addon), ...recipe], node);
  if (isFresh(output, inputs)) return { path: output, bytes: statSync(output).size, fresh: true };
  mkdirSync(dirname(output), { recursive: true });
  const scratch = mkdtempSync(join(dirname(output), "plugin-"));
  try {
    const main = join(scratch, "main.cjs");
    const base = join(scratch, "node");
    const made = join(scratch, "pharos-cni");
    writeFileSync(main, boot);
    strip(node, base);
    await pack({ main, base, arch, output: made, assets: { "koffi.node": addon, ...withCodeCache(bundle, { base, scratch }) } });
    const bytes = statSync(made).size;
    if (bytes > MAXIMUM_BYTES) throw new Error(`the executable has ${bytes} bytes, at most ${MAXIMUM_BYTES}: install binutils for strip`);
    rmSync(stamp, { force: true });
    renameSync(made, output);
    writeFileSync(join(scratch, "inputs"), inputs);
    renameSync(join(scratch, "inputs"), stamp);
    return { path: output, bytes, fresh: false };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** One CommonJS file, because Node 24 runs no ES module as a single executable's main. */
export const PLUGIN_BUNDLE = {
  entryPoints: [join(ROOT, "cni-plugin/src/main.ts")],
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  minifySyntax: true,
  legalComments: "none",
  alias: { koffi: join(ROOT, "cni-plugin/src/embedded-koffi.ts"), "node:zlib": join(ROOT, "cni-plugin/src/embedded-crc32.ts") },
  // What every call needs is loaded at once, all else costs 7 ms and is needed by few. Only IPv6 needs ipaddr.js.
  plugins: [
    modulesAtFirstUse({ atOnce: ["node:fs", "node:path", "node:sea", "node:vm"], packages: ["ipaddr.js"] }),
    modulesWithoutSideEffects(),
  ],
} as const satisfies BuildOptions;

const BOOT_BUNDLE: BuildOptions = { ...PLUGIN_BUNDLE, entryPoints: [join(ROOT, "cni-plugin/src/boot.ts")] };

async function bundled(options: BuildOptions): Promise<string> {
  const result = await build({ ...options, write: false });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild made no file");
  return file.text;
}

/** Writes the program as one function, and the code cache of what a pod's life needs of it; boot.ts reads both. */
function withCodeCache(bundle: string, { base, scratch }: { base: string; scratch: string }): Record<string, string> {
  const [program, cache] = [join(scratch, "program.js"), join(scratch, "program.cache")];
  writeFileSync(program, `(function (require, process) {${bundle}\n})`, "latin1");
  const made = spawnSync(base, [CACHE_MAKER, program, cache], { env: {}, stdio: ["ignore", "ignore", "inherit"] });
  if (made.status !== 0) throw new Error("the code cache of the plugin cannot be made");
  return { "program.js": program, "program.cache": cache };
}

function hashOf(parts: readonly (string | Buffer)[], node: string): string {
  const version = spawnSync(node, ["--version"], { encoding: "utf8", env: {} }).stdout;
  const hash = createHash("sha256").update(version);
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}

function isFresh(output: string, inputs: string): boolean {
  try {
    return readFileSync(`${output}.inputs`, "utf8") === inputs && statSync(output).size > 0;
  } catch {
    return false;
  }
}

/** Node without its symbols, 18 MB less. Without binutils Node as it is; the size limit then decides. */
function strip(node: string, base: string): void {
  const run = spawnSync("strip", ["-o", base, node], { encoding: "utf8" });
  if (run.error !== undefined) copyFileSync(node, base);
  else if (run.status !== 0) throw new Error(`strip failed: ${run.stderr}`);
}

interface Packing {
  readonly main: string;
  readonly base: string;
  /** Name in the executable → file. */
  readonly assets: Readonly<Record<string, string>>;
  readonly arch: "x64" | "arm64";
  readonly output: string;
}

/** The single-executable mode of pkg, called as a library: only there it takes a base binary instead of fetching one. */
async function pack({ main, base, assets, arch, output }: Packing): Promise<void> {
  const { default: sea } = createRequire(import.meta.url)("@yao-pkg/pkg/lib-es5/sea.js");
  await sea(main, {
    nodePath: base,
    targets: [{ nodeRange: "node24", platform: "linux", arch, output }],
    seaConfig: {
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: true,
      execArgv: NODE_OPTIONS,
      // NODE_OPTIONS of a container runtime is not meant for us.
      execArgvExtension: "none",
      assets,
    },
  });
}
