// Writes dist/pharos-airgap-<version>-<arch>.tar: image, chart, CRDs and k3s' manifest for machines without any network.
// The image is made anew; the bill of materials is that of build-sbom.ts.
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { writeBundle } from "./bundle/air-gap-bundle.ts";
import { imageName, repositoryVersion } from "./images/image-name.ts";
import { writeImage } from "./images/oci-image.ts";
import { ARCHITECTURE, pharosImage } from "./images/pharos-image.ts";
import { makeBundles, writeSbom } from "./sbom/write-sbom.ts";

const repository = join(import.meta.dirname, "..");
const version = repositoryVersion(repository);
const name = imageName(repository);
const image = join(repository, "dist/images/pharos.tar");
const sbom = join(repository, "dist/sbom.cdx.json");
const output = join(repository, `dist/pharos-airgap-${version}-${ARCHITECTURE}.tar`);
mkdirSync(join(repository, "dist/images"), { recursive: true });
await writeImage(pharosImage(repository, name), image);
writeSbom(repository, await makeBundles(repository), sbom);
await writeBundle({ repository, version, architecture: ARCHITECTURE, image: { file: image, name }, sbom }, output);
console.log(`bundle: ${relative(repository, output)}`);
