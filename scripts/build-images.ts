// Writes images as OCI layouts in tar archives, without a container daemon and without a registry:
// dist/images/pharos.tar, and with --test those that the cluster tier's pods run.
// `--tree FOLDER` writes our image's layers as files instead, FOLDER/system and FOLDER/programs, for images/Dockerfile.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { imageName } from "./images/image-name.ts";
import { writeImage } from "./images/oci-image.ts";
import { LAYERS, pharosImage } from "./images/pharos-image.ts";
import { withFolders } from "./images/root-files.ts";
import { writeTree } from "./images/root-tree.ts";
import { testImages } from "./images/test-images.ts";

const repository = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { test: { type: "boolean" }, tree: { type: "string" } } });

async function writeImages(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const tests = values.test === true ? testImages(process.env) : [];
  for (const image of [pharosImage(repository, imageName(repository)), ...tests]) {
    const file = `${image.name.replace(/^.*\//, "").replace(/:.*$/, "")}.tar`;
    const digest = await writeImage(image, join(folder, file));
    console.log(`images: dist/images/${file} ${image.name} ${digest}`);
  }
}

if (values.tree === undefined) await writeImages(join(repository, "dist/images"));
else for (const [name, entries] of Object.entries(LAYERS)) writeTree(withFolders(entries(repository)), join(values.tree, name));
