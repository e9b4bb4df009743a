import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Version of this repository, which is the chart's and the image's. */
export function repositoryVersion(repository: string): string {
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { readonly version: string };
  return version;
}

/** Name of our image as the chart has it by default. */
export function imageName(repository: string): string {
  return `pharos/pharos:${repositoryVersion(repository)}`;
}
