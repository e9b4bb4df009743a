import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { debianFiles, NATIVE_PACKAGES } from "../images/pharos-image.ts";
import { type Bom, cycloneDx, type Part } from "./cyclone-dx.ts";
import { debianParts } from "./debian-parts.ts";
import { packageFolder } from "./npm-parts.ts";
import { type Bundle, makeBundles, writeSbom } from "./write-sbom.ts";

const ROOT = join(import.meta.dirname, "../..");
let folder: string;
let bundles: readonly Bundle[];
let bom: Bom;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-sbom-"));
  bundles = await makeBundles(ROOT);
  bom = writeSbom(ROOT, bundles, join(folder, "a.json"));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** Packages by the comment that esbuild writes above each module of a bundle. */
function packagesIn({ texts }: Bundle): readonly string[] {
  const modules = texts.flatMap((text) => [...text.matchAll(/^\s*\/\/ (\S*node_modules\/\S+)$/gm)].map(([, path = ""]) => path));
  return [...new Set(modules.flatMap((path) => packageFolder(path) ?? []))];
}

function purlOf(path: string): string {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

const holdersOf = (purl: string) => bom.components.find((each) => each.purl === purl)?.properties?.map(({ value }) => value) ?? [];

describe("the bill of materials", () => {
  test("has what CycloneDX 1.6 requires", () => {
    expect(JSON.parse(readFileSync(join(folder, "a.json"), "utf8"))).toEqual(bom);
    expect(bom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
    expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(bom.metadata.component).toMatchObject({ type: "container", name: "pharos", version: expect.stringMatching(/^\d/) });
    for (const component of bom.components) {
      expect(component).toMatchObject({ type: expect.stringMatching(/^(library|application)$/), name: expect.stringMatching(/./) });
      expect(component.version).toMatch(/^\d/);
      expect(component.purl).toMatch(/^pkg:(npm|deb|generic)\/[\w.%/-]+@[\w.%~-]+(\?[\w=&.-]+)?$/);
      for (const { content } of component.hashes ?? []) expect(content).toMatch(/^[0-9a-f]{128}$/);
      for (const license of component.licenses ?? [])
        expect(JSON.stringify(license)).toMatch(/^\{"(license":\{"id|expression)":"[\w. ()-]+"\}/);
    }
    const refs = bom.components.map((component) => component["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bom.dependencies.map(({ ref }) => ref)).toEqual(["pharos", ...refs]);
    expect(bom.dependencies[0]?.dependsOn).toEqual(refs);
  });

  test("names every package that a bundle's text holds, with the artefact", () => {
    for (const bundle of bundles) {
      const packages = packagesIn(bundle);
      expect([bundle.name, packages.length > 0]).toEqual([bundle.name, true]);
      for (const path of packages) expect([path, holdersOf(purlOf(path))]).toEqual([path, expect.arrayContaining([bundle.name])]);
    }
  });

  test("names native packages, Node, and the Debian package of each program and library", () => {
    for (const name of NATIVE_PACKAGES)
      expect([name, holdersOf(purlOf(`node_modules/${name}`))]).toEqual([name, expect.arrayContaining(["node_modules"])]);
    expect(bom.components.find(({ type }) => type === "application")).toMatchObject({
      name: "node",
      version: expect.stringMatching(/^24\./),
    });
    const held = bom.components
      .filter(({ purl }) => purl?.startsWith("pkg:deb/"))
      .flatMap(({ properties = [] }) => properties.map(({ value }) => value));
    expect(held.sort()).toEqual([...new Set(debianFiles(ROOT).map(({ path }) => `/${path}`))].sort());
  });

  test("names no package that is only needed to build", () => {
    const names = bom.components.map(({ name }) => name);
    for (const name of ["esbuild", "jest", "typescript", "@types/node"]) expect(names).not.toContain(name);
  });

  test("a file of no Debian package fails instead of being left out", () => {
    expect(() => debianParts([join(folder, "a.json")])).toThrow("is of no Debian package");
  });

  test("equal parts in any order give equal texts, another version another serial number", () => {
    const part = (name: string, holder: string): Part => ({
      type: "library",
      name,
      version: "1.0.0",
      purl: `pkg:npm/${name}@1.0.0`,
      in: [holder],
    });
    const one = cycloneDx("1.0.0", [part("a", "x"), part("b", "x"), part("a", "y")]);
    expect(one).toEqual(cycloneDx("1.0.0", [part("a", "y"), part("b", "x"), part("a", "x")]));
    expect(one.components.map(({ name, properties }) => [name, properties?.map(({ value }) => value)])).toEqual([
      ["a", ["x", "y"]],
      ["b", ["x"]],
    ]);
    expect(cycloneDx("1.0.1", [part("a", "x")]).serialNumber).not.toBe(cycloneDx("1.0.0", [part("a", "x")]).serialNumber);
  });
});
