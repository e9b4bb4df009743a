// Makes packages/rpc/src/generated from grpc-bridge/proto: ts-proto code, and descriptors for gRPC reflection.
// Everything runs from node_modules; nothing is downloaded. `--check` writes nothing and exits 1 when the tree is stale.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const PROTO = join(ROOT, "grpc-bridge/proto");
const TARGET = join(ROOT, "packages/rpc/src/generated");
const DESCRIPTORS = "descriptors.ts";
const OPTIONS = [
  "outputServices=grpc-js",
  "esModuleInterop=true",
  "importSuffix=.ts",
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "useReadonlyTypes=true",
  "forceLong=bigint",
  "outputJsonMethods=false",
];

function buf(args: readonly string[]): void {
  const path = [dirname(process.execPath), join(ROOT, "node_modules/.bin"), process.env.PATH].join(":");
  const run = spawnSync(join(ROOT, "node_modules/.bin/buf"), args, { cwd: PROTO, encoding: "utf8", env: { ...process.env, PATH: path } });
  if (run.status !== 0) {
    console.error(`buf ${args[0]} failed (exit ${run.status}): ${run.stderr}${run.error?.message ?? ""}`);
    process.exit(1);
  }
}

/** The FileDescriptorSet without comments, as base64 in lines of 120 characters. */
function descriptorSource(set: Buffer): string {
  const lines = set.toString("base64").match(/.{1,120}/g) ?? [];
  return [
    "// Made by scripts/generate-rpc.ts from grpc-bridge/proto. Do not edit.",
    "",
    "/** All protos as a google.protobuf.FileDescriptorSet in base64. */",
    `export const fileDescriptorSetBase64 =\n${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
}

function generate(into: string): void {
  const plugin = { local: "protoc-gen-ts_proto", out: into, opt: OPTIONS, strategy: "all" };
  buf(["generate", "--template", JSON.stringify({ version: "v2", plugins: [plugin] })]);
  const set = join(into, "set.binpb");
  buf(["build", "--exclude-source-info", "-o", set]);
  writeFileSync(join(into, DESCRIPTORS), descriptorSource(readFileSync(set)));
  rmSync(set);
}

function filesOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

const scratch = mkdtempSync(join(tmpdir(), "pharos-rpc-"));
try {
  generate(scratch);
  const wanted = filesOf(scratch);
  mkdirSync(TARGET, { recursive: true });
  const present = filesOf(TARGET);
  const stale = [...new Set([...wanted.keys(), ...present.keys()])].filter((path) => wanted.get(path) !== present.get(path));
  if (process.argv.includes("--check")) {
    for (const path of stale) console.error(`packages/rpc/src/generated/${path} is stale: run make generate`);
    if (stale.length > 0) process.exitCode = 1;
  } else {
    for (const path of stale) {
      const text = wanted.get(path);
      if (text === undefined) {
        rmSync(join(TARGET, path));
        continue;
      }
      mkdirSync(dirname(join(TARGET, path)), { recursive: true });
      writeFileSync(join(TARGET, path), text);
    }
  }
  console.log(`rpc: ${wanted.size} generated files, ${stale.length} stale`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
