import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LAYERS, START } from "./pharos-image.ts";

const ROOT = join(import.meta.dirname, "../..");
const lines = readFileSync(join(ROOT, "images/Dockerfile"), "utf8")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\s*\\\n\s*/g, " ")
  .split("\n")
  .filter((line) => line !== "");
const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
const argumentsOf = (of: readonly string[], instruction: string) =>
  of.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** True when .dockerignore lets this file of the repository into the context: the last pattern that matches decides. */
function isInContext(path: string): boolean {
  const patterns = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  return patterns
    .filter((line) => line !== "" && !line.startsWith("#"))
    .reduce((inside, line) => (matches(line.replace(/^!/, ""), path) ? line.startsWith("!") : inside), true);
}

/** A pattern also matches what lies below what it names; `*` stays within a name, `**` goes over any. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split("**/")
    .map((part) => part.replaceAll(".", "\\.").replaceAll("*", "[^/]*"))
    .join("(?:.+/)?");
  return new RegExp(`^${source}(/.*)?$`).test(path);
}

describe("images/Dockerfile", () => {
  test("the last stage holds the script's layers and nothing else", () => {
    expect(last[0]).toBe("FROM scratch");
    expect(argumentsOf(last, "COPY")).toEqual(Object.keys(LAYERS).map((layer) => `--from=build /image/${layer}/ /`));
    expect(argumentsOf(last, "RUN").concat(argumentsOf(last, "ADD"))).toEqual([]);
    expect(lines).toContain("RUN node scripts/build-images.ts --tree /image");
  });

  test("is started as the script's image", () => {
    expect(argumentsOf(last, "ENV")).toEqual(START.env);
    expect(argumentsOf(last, "USER")).toEqual([START.user]);
    expect(argumentsOf(last, "ENTRYPOINT").map((text) => JSON.parse(text))).toEqual([START.entrypoint]);
    expect(argumentsOf(last, "CMD")).toEqual([]);
  });

  test("installs the Debian packages whose programs the image takes, and those that the build needs", () => {
    const [packages = ""] = /(?<=--no-install-recommends )[^&]*/.exec(argumentsOf(lines, "RUN")[0] ?? "") ?? [];
    const known = readFileSync(join(ROOT, "scripts/install-system-packages"), "utf8");
    const packageOf = new Map([...known.matchAll(/\[(\w+)\]=([\w-]+)/g)].map(([, program, name]) => [program, name]));
    const wanted = ["nft", "ip", "strip"].map((program) => packageOf.get(program));
    expect(packages.trim().split(" ").sort()).toEqual(wanted.sort());
  });

  test("the context holds every source of every package, and neither tests nor what was built", () => {
    const { workspaces } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly workspaces: readonly string[] };
    const folders = [...workspaces, "scripts"].join(",");
    const exclude = (path: string) => /(^|\/)(node_modules|__snapshots__|dist)(\/|$)/.test(path);
    const sources = globSync([`{${folders}}/**/*.{ts,json}`, "crds/*.yaml", "{package,package-lock,tsconfig}.json"], {
      cwd: ROOT,
      exclude,
    });
    const needed = sources.filter((path) => !path.endsWith(".test.ts"));
    expect(needed.length).toBeGreaterThan(500);
    expect(needed.filter((path) => !isInContext(path))).toEqual([]);
    for (const path of [
      ...workspaces.map((folder) => `${folder.replace("*", "base")}/package.json`),
      "package-lock.json",
      "tsconfig.json",
    ]) {
      expect([path, isInContext(path)]).toEqual([path, true]);
    }
    for (const path of [
      "packages/base/src/x.test.ts",
      "node_modules/yaml/index.js",
      "packages/x/node_modules/y/z.js",
      "dist/pharos.mjs",
      "LICENSE",
    ]) {
      expect([path, isInContext(path)]).toEqual([path, false]);
    }
  });
});
