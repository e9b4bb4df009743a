import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { withFolders } from "../images/root-files.ts";
import { type TarEntry, tarStream } from "../images/tar-stream.ts";
import { installText } from "./install-text.ts";

/** What goes into a bundle; all are paths of files that are there. */
export interface BundleInput {
  /** Root of the repository: chart, CRDs and k3s' manifest are taken from it. */
  readonly repository: string;
  readonly version: string;
  /** In the words of OCI and Debian: amd64, arm64. */
  readonly architecture: string;
  /** Our image as an OCI layout in a tar archive, and its name. */
  readonly image: { readonly file: string; readonly name: string };
  /** The image's bill of materials (CycloneDX). */
  readonly sbom: string;
}

const CHART = "charts/pharos";
const K3S_MANIFEST = "charts/k3s-auto-deploy.yaml";

/**
 * Writes all that a machine without any network needs, as one tar archive; equal files give equal bytes. In it: the image, the packed
 * chart, the CRDs, and below k3s/ links to them at the places where k3s looks below /var/lib/rancher/k3s.
 */
export async function writeBundle(input: BundleInput, output: string): Promise<void> {
  const { repository, version, architecture, image } = input;
  const imageFile = `images/pharos-${version}-${architecture}.tar`;
  const chartFile = `charts/pharos-${version}.tgz`;
  const archive = join(dirname(output), `pharos-${version}.tgz`);
  mkdirSync(dirname(output), { recursive: true });
  await writeChart(repository, archive);
  const entries: readonly TarEntry[] = [
    { kind: "file", path: imageFile, from: image.file },
    { kind: "file", path: chartFile, from: archive },
    ...readdirSync(join(repository, "crds")).map(
      (name): TarEntry => ({ kind: "file", path: `crds/${name}`, from: join(repository, "crds", name) }),
    ),
    { kind: "file", path: "sbom.cdx.json", from: input.sbom },
    { kind: "file", path: "LICENSE", from: join(repository, "LICENSE") },
    { kind: "file", path: "k3s/server/manifests/pharos.yaml", from: join(repository, K3S_MANIFEST) },
    linkTo("k3s/agent/images/pharos.tar", imageFile),
    linkTo(`k3s/server/static/charts/pharos-${version}.tgz`, chartFile),
    { kind: "text", path: "INSTALL", text: installText({ version, imageFile, imageName: image.name, chartFile }) },
  ];
  const sums: TarEntry = { kind: "text", path: "sha256sums", text: await checksums(entries) };
  const root = `pharos-airgap-${version}-${architecture}`;
  const below = [...entries, sums].map((entry) => ({ ...entry, path: `${root}/${entry.path}` }));
  await pipeline(Readable.from(tarStream(withFolders(below))), createWriteStream(output));
}

/** The chart as `helm package` packs it, but with equal bytes for equal files. */
export async function writeChart(repository: string, output: string): Promise<void> {
  const folder = join(repository, CHART);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const files = names.map(({ parentPath, name }): TarEntry => {
    const from = join(parentPath, name);
    return { kind: "file", path: `pharos/${from.slice(folder.length + 1)}`, from };
  });
  const plain: Buffer[] = [];
  for await (const part of tarStream(files)) plain.push(part);
  await pipeline(Readable.from([gzipSync(Buffer.concat(plain), { level: 9 })]), createWriteStream(output));
}

function linkTo(path: string, target: string): TarEntry {
  return { kind: "link", path, target: posix.relative(posix.dirname(path), target) };
}

/** A line of sha256sum(1) for each file; links have none, their targets do. */
async function checksums(entries: readonly TarEntry[]): Promise<string> {
  const lines: string[] = [];
  for (const entry of entries) {
    if (entry.kind === "file") lines.push(`${await sha256(entry.from)}  ${entry.path}\n`);
    if (entry.kind === "text") lines.push(`${createHash("sha256").update(entry.text).digest("hex")}  ${entry.path}\n`);
  }
  return lines.join("");
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) hash.update(part);
  return hash.digest("hex");
}
