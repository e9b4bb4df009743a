#!/usr/bin/env node
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { describeError, isSystemError, PharosError } from "@pharos/base";
import { CommanderError } from "commander";
import { exitCodeOf } from "./exit-codes.ts";
import { labRoot } from "./lab-place.ts";
import { pharosctlProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const PHAROS_VERSION = "0.1.0";
/** What the bundles load from node_modules: they hold native code. */
const NATIVE_PACKAGES = ["netlink", "node-gyp-build", "koffi", `@koromix/koffi-linux-${process.arch}`];
const bundled = existsSync(join(import.meta.dirname, "pharos.mjs"));
const repository = bundled ? join(import.meta.dirname, "..") : join(import.meta.dirname, "../..");
const env = process.env;
const uid = process.getuid?.() ?? 0;
const root = env.PHAROS_LAB_ROOT ?? labRoot(uid, tmpdir());
/** Set for the copy of this program that runs inside an ordinary user's namespaces; there it is root. */
const insideEnv = { ...env, PHAROS_LAB_INSIDE: "1", PHAROS_LAB_ROOT: root };
const ordinary = uid !== 0 && env.PHAROS_LAB_INSIDE === undefined;

// A reader that has seen enough (`pharosctl plan | head`) is no failure of ours.
process.stdout.on("error", (error) => {
  if (!isSystemError(error, "EPIPE")) throw error;
});

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  confirm: async (question) => {
    if (!process.stdin.isTTY) return false;
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await lines.question(`${question} [y/N] `);
    lines.close();
    return /^y(es)?$/i.test(answer.trim());
  },
};

const program = pharosctlProgram({
  terminal,
  defaultServer: env.PHAROS_SERVER ?? "unix:/run/pharos/pharos.sock",
  schemaFile: join(repository, "docs/reference/schema/vehicle.schema.json"),
  lab: {
    place: {
      root,
      binaries: {
        pharos: [process.execPath, env.PHAROS_PROGRAM ?? join(import.meta.dirname, bundled ? "pharos.mjs" : "../../pharos/src/main.ts")],
        plugin: env.PHAROS_CNI ?? join(repository, "dist/pharos-cni"),
      },
      env,
    },
    ...(ordinary ? { self: { command: [process.execPath, process.argv[1] ?? ""], args: process.argv.slice(2), env: insideEnv } } : {}),
  },
  version: PHAROS_VERSION,
  programs: {
    dist: bundled ? import.meta.dirname : join(repository, "dist"),
    node: process.execPath,
    packages: Object.fromEntries(NATIVE_PACKAGES.map((name) => [name, join(repository, "node_modules", name)])),
    plugin: env.PHAROS_CNI ?? join(repository, "dist/pharos-cni"),
  },
  onExit: (code) => {
    process.exitCode = code;
  },
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodeOf(error);
  } else {
    terminal.err(`${describeError(error)}\n`);
    process.exitCode = exitCodeOf(error instanceof PharosError ? error : undefined);
  }
}
