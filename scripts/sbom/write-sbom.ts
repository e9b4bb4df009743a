import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { repositoryVersion } from "../images/image-name.ts";
import { debianFiles, NATIVE_PACKAGES } from "../images/pharos-image.ts";
import { PLUGIN_BUNDLE } from "../plugin-executable.ts";
import { DOCUMENTS_WORKER, programBundle } from "../program-bundle.ts";
import { type Bom, cycloneDx, type Part } from "./cyclone-dx.ts";
import { debianParts } from "./debian-parts.ts";
import { bundledFolders, npmParts } from "./npm-parts.ts";

const BUNDLES: Readonly<Record<string, BuildOptions>> = {
  pharos: programBundle("pharos/src/main.ts", "pharos"),
  pharosctl: programBundle("pharosctl/src/main.ts", "pharosctl"),
  "documents-worker": DOCUMENTS_WORKER,
  "pharos-cni": PLUGIN_BUNDLE,
};

/** A bundle of the image as esbuild made it. */
export interface Bundle {
  /** The artefact that holds it. */
  readonly name: string;
  readonly metafile: Metafile;
  readonly texts: readonly string[];
}

/** Bundles all that the image holds, in memory. */
export async function makeBundles(repository: string): Promise<readonly Bundle[]> {
  const bundles: Bundle[] = [];
  for (const [name, options] of Object.entries(BUNDLES)) {
    const made = await build({ ...options, absWorkingDir: repository, sourcemap: false, write: false, metafile: true });
    bundles.push({ name, metafile: made.metafile, texts: made.outputFiles.map(({ text }) => text) });
  }
  return bundles;
}

/** Writes the bill of materials of our image (CycloneDX 1.6, JSON) and returns it. Asks no network; equal sources give equal bytes. */
export function writeSbom(repository: string, bundles: readonly Bundle[], output: string): Bom {
  const parts = [...npmPartsOf(repository, bundles), nodePart(repository), ...debianParts(debianPaths(repository))];
  const bom = cycloneDx(repositoryVersion(repository), parts);
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, `${JSON.stringify(bom, undefined, 2)}\n`);
  return bom;
}

function npmPartsOf(repository: string, bundles: readonly Bundle[]): readonly Part[] {
  const addon = `node_modules/@koromix/koffi-linux-${process.arch}`;
  const held = [
    ...bundles.flatMap(({ name, metafile }) => bundledFolders(metafile).map((folder) => ({ folder, name }))),
    ...NATIVE_PACKAGES.map((name) => ({ folder: `node_modules/${name}`, name: "node_modules" })),
    { folder: addon, name: "pharos-cni" },
  ];
  const holders = [...Map.groupBy(held, ({ folder }) => folder)].map(([folder, each]) => [folder, each.map(({ name }) => name)] as const);
  return npmParts(repository, new Map(holders));
}

/** Node itself; the npm package only carries it. */
function nodePart(repository: string): Part {
  const node = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
  const version = spawnSync(node, ["--version"], { encoding: "utf8", env: {} }).stdout.trim().replace(/^v/, "");
  return { type: "application", name: "node", version, purl: `pkg:generic/node@${version}`, license: "MIT", in: ["node", "pharos-cni"] };
}

function debianPaths(repository: string): readonly string[] {
  return debianFiles(repository).map(({ path }) => `/${path}`);
}
