// Writes images as OCI layouts in tar archives, without a container daemon and without a registry:
// dist/images/pharos.tar, and with --test those that the cluster tier's pods run.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeImage } from "./images/oci-image.ts";
import { pharosImage } from "./images/pharos-image.ts";
import { testImages } from "./images/test-images.ts";

const repository = join(import.meta.dirname, "..");
const folder = join(repository, "dist/images");
const test = process.argv.includes("--test");
mkdirSync(folder, { recursive: true });
for (const image of [pharosImage(repository, "pharos/pharos:0.1.0"), ...(test ? testImages(process.env) : [])]) {
  const file = `${image.name.replace(/^.*\//, "").replace(/:.*$/, "")}.tar`;
  const digest = await writeImage(image, join(folder, file));
  console.log(`images: dist/images/${file} ${image.name} ${digest}`);
}
