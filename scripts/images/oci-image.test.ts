import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type ImageSettings, writeImage } from "./oci-image.ts";
import { withFolders } from "./root-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-image-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const long = `${"deep/".repeat(30)}file`;

function image(text = "hello\n"): ImageSettings {
  writeFileSync(join(folder, "program"), text);
  const layer = withFolders([
    { kind: "file", path: "bin/program", from: join(folder, "program"), mode: 0o755 },
    { kind: "link", path: "bin/alias", target: "program" },
    { kind: "text", path: long, text: "x" },
    { kind: "folder", path: "tmp", mode: 0o1777 },
  ]);
  return { name: "pharos/example:1", architecture: "amd64", layers: [layer], entrypoint: ["/bin/program"] };
}

const tar = (...args: readonly string[]) => execFileSync("tar", [...args], { encoding: "utf8" });

test("equal content gives equal bytes, other content another digest", async () => {
  const first = await writeImage(image(), join(folder, "a.tar"));
  expect(await writeImage(image(), join(folder, "b.tar"))).toBe(first);
  expect(readFileSync(join(folder, "a.tar")).equals(readFileSync(join(folder, "b.tar")))).toBe(true);
  expect(await writeImage(image("other\n"), join(folder, "c.tar"))).not.toBe(first);
});

test("tar reads the layer: modes, links, long paths, folders above all", async () => {
  await writeImage(image(), join(folder, "a.tar"));
  tar("-C", folder, "-xf", join(folder, "a.tar"));
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  const blob = (digest: string) => join(folder, "blobs/sha256", digest.slice(7));
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0].digest), "utf8"));
  expect(index.manifests[0].annotations["io.containerd.image.name"]).toBe("docker.io/pharos/example:1");
  const [layer] = manifest.layers;
  const listing = tar("-tvf", blob(layer.digest))
    .split("\n")
    .map((line) => line.replace(/\s+0\/0\s+/, " ").replace(/ 1970-01-01 \d\d:\d\d/, ""));
  expect(listing).toEqual(
    expect.arrayContaining(["-rwxr-xr-x 6 bin/program", "lrwxrwxrwx 0 bin/alias -> program", "drwxrwxrwt 0 tmp/", `-rw-r--r-- 1 ${long}`]),
  );
});

test("every blob has the digest that it is called by, and the configuration the digest of what is inside the compression", async () => {
  await writeImage(image(), join(folder, "a.tar"));
  tar("-C", folder, "-xf", join(folder, "a.tar"));
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  const blob = (digest: string) => readFileSync(join(folder, "blobs/sha256", digest.slice(7)));
  const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const { digest } = index.manifests[0];
  const manifest = JSON.parse(blob(digest).toString());
  const config = JSON.parse(blob(manifest.config.digest).toString());
  const layer = manifest.layers[0].digest;
  expect([sha256(blob(digest)), sha256(blob(layer))]).toEqual([digest, layer]);
  const plain = execFileSync("gzip", ["-dc"], { input: blob(layer) });
  expect(config.rootfs.diff_ids).toEqual([sha256(plain)]);
});
