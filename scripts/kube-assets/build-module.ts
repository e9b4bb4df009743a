import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assetCache, moduleFolder, type PinnedModule } from "@pharos/lab/kubernetes";

const GO_ENVIRONMENT = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false" };
const PROGRESS_EVERY_MS = 30_000;

/** Builds a module's programs into its cache folder, which appears whole or not at all. Throws when go fails. */
export async function buildModule(pinned: PinnedModule): Promise<void> {
  mkdirSync(assetCache(process.env), { recursive: true });
  const work = mkdtempSync(join(assetCache(process.env), ".build-"));
  try {
    const out = join(work, "programs");
    mkdirSync(out);
    writeFileSync(join(work, "go.mod"), goMod(pinned));
    for (const [program, path] of Object.entries(pinned.programs)) {
      await go(work, ["build", "-trimpath", "-ldflags", linkerFlags(pinned), "-o", join(out, program), path], program);
    }
    rmSync(moduleFolder(pinned, process.env), { recursive: true, force: true });
    renameSync(out, moduleFolder(pinned, process.env));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A module of our own that requires the pinned one: `go install` refuses modules with replace directives. */
function goMod(pinned: PinnedModule): string {
  const { module, version, staging } = pinned;
  const head = ["module pharos.io/kube-assets", "go 1.25", `require ${module} ${version}`];
  const replaced = staging === undefined ? [] : stagingModules(pinned).map((name) => `replace ${name} => ${name} ${staging}`);
  return `${[...head, ...replaced].join("\n")}\n`;
}

function stagingModules({ module, version }: PinnedModule): readonly string[] {
  const download = spawnSync("go", ["mod", "download", "-json", `${module}@${version}`], { encoding: "utf8" });
  if (download.status !== 0) throw new Error(`go mod download ${module}@${version}: ${download.stderr || download.stdout}`);
  const { GoMod } = JSON.parse(download.stdout) as { GoMod: string };
  return [...readFileSync(GoMod, "utf8").matchAll(/^\s*(\S+) => \.\/staging\//gm)].flatMap(([, name]) =>
    name === undefined ? [] : [name],
  );
}

function linkerFlags({ module, version }: PinnedModule): string {
  if (module !== "k8s.io/kubernetes") return "-s -w";
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const set = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return ["-s -w", ...Object.entries(set).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)].join(" ");
}

function go(folder: string, args: readonly string[], program: string): Promise<void> {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const timer = setInterval(() => console.log(`kube-assets: ${program}, ${seconds()} s so far`), PROGRESS_EVERY_MS);
  const child = spawn("go", args, { cwd: folder, env: GO_ENVIRONMENT, stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = `${complaint}${text}`.slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      clearInterval(timer);
      if (status === 0) {
        console.log(`kube-assets: ${program} in ${seconds()} s`);
        resolve();
      } else reject(new Error(`go build of ${program} failed:\n${complaint}`));
    });
  });
}
