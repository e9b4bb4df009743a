// Writes dist/sbom.cdx.json: what our image is made of, as CycloneDX 1.6.
import { join } from "node:path";
import { makeBundles, writeSbom } from "./sbom/write-sbom.ts";

const repository = join(import.meta.dirname, "..");
const { components } = writeSbom(repository, await makeBundles(repository), join(repository, "dist/sbom.cdx.json"));
console.log(`sbom: dist/sbom.cdx.json, ${components.length} components`);
