import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { PLUGIN_BUNDLE } from "../../scripts/plugin-executable.ts";

/** Ends a program as the plugin ends, but tells first which of Node's modules it has loaded. */
const TELL = `const end = process.reallyExit;
process.reallyExit = (code) => {
  require("node:fs").writeSync(3, JSON.stringify(process.moduleLoadList));
  end.call(process, code);
};`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-start-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function loadedBy(program: string): readonly string[] {
  const script = `exec "$0" --require "$1" "$2" 3>&1 >/dev/null`;
  const told = execFileSync("sh", ["-c", script, process.execPath, file("tell.cjs", TELL), program], {
    encoding: "utf8",
    input: "",
    env: { CNI_COMMAND: "VERSION" },
  });
  return JSON.parse(told);
}

describe("start of the plugin", () => {
  test("loads nothing of Node that an empty program does not load", async () => {
    const { outputFiles } = await build({ ...PLUGIN_BUNDLE, write: false });
    const sea = file("sea.cjs", `require("node:sea"); process.reallyExit(0);`);
    const plugin = file("plugin.cjs", outputFiles[0]?.text ?? "");
    const floor = new Set(loadedBy(sea));
    expect(loadedBy(plugin).filter((name) => !floor.has(name))).toEqual([]);
  });
});
