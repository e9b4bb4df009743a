import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import type { Part } from "./cyclone-dx.ts";

/** Folders of npm packages, from the repository's root, of which something is in a bundle. */
export function bundledFolders({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const bundled = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [packageFolder(path)] : []));
  return [...new Set(bundled)].filter((folder) => folder !== undefined).sort();
}

/** The folder of the innermost npm package that a file is of; undefined for our own sources. */
export function packageFolder(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The parts that npm packages are; `holders` says for each folder which artefacts hold it. */
export function npmParts(repository: string, holders: ReadonlyMap<string, readonly string[]>): readonly Part[] {
  const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as Lock;
  return [...holders].map(([folder, names]) => {
    const { name, version, license } = JSON.parse(readFileSync(join(repository, folder, "package.json"), "utf8")) as PackageFile;
    const sha512 = sha512Of(lock.packages[folder]?.integrity);
    return {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      ...(license === undefined ? {} : { license }),
      ...(sha512 === undefined ? {} : { sha512 }),
      in: names,
    };
  });
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** Hex digits of an integrity of the lock file (Subresource Integrity). */
function sha512Of(integrity = ""): string | undefined {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  return base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("hex");
}
