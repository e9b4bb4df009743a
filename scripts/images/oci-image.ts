import { createHash, type Hash } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type TarEntry, tarStream } from "./tar-stream.ts";

/** An image as it is to be made. */
export interface ImageSettings {
  /** `repository:tag`, without a registry's host unless it has one. */
  readonly name: string;
  readonly architecture: "amd64" | "arm64";
  /** Lowest first. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly entrypoint: readonly string[];
  readonly env?: readonly string[];
  /** uid, or uid:gid; root when not given. */
  readonly user?: string;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly file: string;
}

interface Layer extends Blob {
  /** Digest of what is inside the compression. */
  readonly diffId: string;
}

const MEDIA = "application/vnd.oci.image";
/** Layers are mostly executables: higher levels cost much time and save little. */
const GZIP_LEVEL = 3;

/** Writes an image as an OCI layout (OCI image-spec 1.1) in one tar archive; equal content gives equal bytes. Returns the image's digest. */
export async function writeImage(settings: ImageSettings, output: string): Promise<string> {
  mkdirSync(join(output, ".."), { recursive: true });
  const work = mkdtempSync(`${output}.`);
  try {
    const layers: Layer[] = [];
    for (const [index, entries] of settings.layers.entries()) layers.push(await writeLayer(entries, join(work, `layer${index}`)));
    const config = jsonBlob(configOf(settings, layers));
    const manifest = jsonBlob({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config: { mediaType: `${MEDIA}.config.v1+json`, digest: config.digest, size: config.size },
      layers: layers.map(({ digest, size }) => ({ mediaType: `${MEDIA}.layer.v1.tar+gzip`, digest, size })),
    });
    const index = {
      schemaVersion: 2,
      mediaType: `${MEDIA}.index.v1+json`,
      manifests: [
        {
          mediaType: `${MEDIA}.manifest.v1+json`,
          digest: manifest.digest,
          size: manifest.size,
          platform: { os: "linux", architecture: settings.architecture },
          annotations: {
            "io.containerd.image.name": fullName(settings.name),
            "org.opencontainers.image.ref.name": fullName(settings.name),
          },
        },
      ],
    };
    const entries: TarEntry[] = [
      { kind: "text", path: "oci-layout", text: '{"imageLayoutVersion":"1.0.0"}' },
      { kind: "text", path: "index.json", text: JSON.stringify(index) },
      { kind: "folder", path: "blobs" },
      { kind: "folder", path: "blobs/sha256" },
      ...[config, manifest].map(({ digest, text }): TarEntry => ({ kind: "text", path: blobPath(digest), text })),
      ...layers.map(({ digest, file }): TarEntry => ({ kind: "file", path: blobPath(digest), from: file })),
    ];
    await pipeline(Readable.from(tarStream(entries)), createWriteStream(join(work, "image.tar")));
    renameSync(join(work, "image.tar"), output);
    return manifest.digest;
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** containerd and kubelet look images up by their whole name. */
function fullName(name: string): string {
  const [first = "", ...rest] = name.split("/");
  if (rest.length > 0 && /[.:]|^localhost$/.test(first)) return name;
  return `docker.io/${rest.length === 0 ? "library/" : ""}${name}`;
}

function configOf({ architecture, entrypoint, env = [], user }: ImageSettings, layers: readonly Layer[]): object {
  return {
    architecture,
    os: "linux",
    config: { Entrypoint: entrypoint, Env: env, WorkingDir: "/", ...(user === undefined ? {} : { User: user }) },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

async function writeLayer(entries: readonly TarEntry[], file: string): Promise<Layer> {
  const [plain, packed] = [createHash("sha256"), createHash("sha256")];
  const stages = [
    Readable.from(tarStream(entries)),
    through(plain),
    createGzip({ level: GZIP_LEVEL }),
    through(packed),
    createWriteStream(file),
  ];
  await pipeline(stages);
  return { diffId: `sha256:${plain.digest("hex")}`, digest: `sha256:${packed.digest("hex")}`, size: statSync(file).size, file };
}

/** Hashes what passes. */
function through(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

function jsonBlob(value: object): { readonly digest: string; readonly size: number; readonly text: string } {
  const text = JSON.stringify(value);
  return { digest: `sha256:${createHash("sha256").update(text).digest("hex")}`, size: Buffer.byteLength(text), text };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}
