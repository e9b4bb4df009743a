import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { imageName, repositoryVersion } from "../images/image-name.ts";
import { writeImage } from "../images/oci-image.ts";
import { type BundleInput, writeBundle } from "./air-gap-bundle.ts";

const ROOT = join(import.meta.dirname, "../..");
const VERSION = repositoryVersion(ROOT);
const NAME = `pharos-airgap-${VERSION}-amd64`;
let folder: string;
let input: BundleInput;
let bundle: string;
/** The unpacked bundle. */
let root: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-bundle-"));
  const image = { file: join(folder, "image.tar"), name: imageName(ROOT) };
  const layer = [{ kind: "text", path: "hello", text: "hello\n" }] as const;
  await writeImage({ name: image.name, architecture: "amd64", layers: [layer], entrypoint: ["/hello"] }, image.file);
  const sbom = join(folder, "sbom");
  writeFileSync(sbom, "{}\n");
  input = { repository: ROOT, version: VERSION, architecture: "amd64", image, sbom };
  bundle = join(folder, `${NAME}.tar`);
  await writeBundle(input, bundle);
  tar("-C", folder, "-xf", bundle);
  root = join(folder, NAME);
});

afterAll(() => rmSync(folder, { recursive: true }));

const tar = (...args: readonly string[]) => execFileSync("tar", [...args], { encoding: "utf8" });
const text = (path: string) => readFileSync(join(root, path), "utf8");
const checkSums = () => execFileSync("sha256sum", ["--check", "--quiet", "sha256sums"], { cwd: root, stdio: "pipe" });

describe("the bundle for machines without a network", () => {
  test("equal files give equal bytes", async () => {
    const again = join(folder, "again/bundle.tar");
    await writeBundle(input, again);
    expect(readFileSync(again).equals(readFileSync(bundle))).toBe(true);
  });

  test("its sums name every file and hold, and fail when a file changed", () => {
    checkSums();
    const named = text("sha256sums")
      .split("\n")
      .flatMap((line) => line.split("  ").slice(1));
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile() && each.name !== "sha256sums");
    expect(named.sort()).toEqual(files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort());
    appendFileSync(join(root, "crds/node.yaml"), "\n");
    expect(checkSums).toThrow();
    writeFileSync(join(root, "crds/node.yaml"), readFileSync(join(ROOT, "crds/node.yaml")));
  });

  test("holds all CRDs, and the image under the name that the packed chart asks for", () => {
    expect(readdirSync(join(root, "crds"))).toEqual(readdirSync(join(ROOT, "crds")));
    const index = JSON.parse(tar("-xOf", join(root, `images/pharos-${VERSION}-amd64.tar`), "index.json"));
    const chart = join(root, `charts/pharos-${VERSION}.tgz`);
    const { appVersion, version } = parse(tar("-xOf", chart, "pharos/Chart.yaml"));
    const { image } = parse(tar("-xOf", chart, "pharos/values.yaml"));
    expect(version).toBe(VERSION);
    expect(index.manifests[0].annotations["io.containerd.image.name"]).toBe(`docker.io/${image.repository}:${image.tag || appVersion}`);
  });

  test("the packed chart has the chart's files", () => {
    const chart = join(ROOT, "charts/pharos");
    const packed = tar("-tzf", join(root, `charts/pharos-${VERSION}.tgz`))
      .trim()
      .split("\n");
    const there = readdirSync(chart, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(chart, name)).isFile());
    expect(packed.sort()).toEqual(there.map((name) => `pharos/${name}`).sort());
  });

  test("copied as INSTALL says, k3s' folders hold image, chart and a manifest that names the chart", () => {
    const k3s = join(folder, "rancher-k3s");
    expect(text("INSTALL")).toContain("cp -rL k3s/agent /var/lib/rancher/k3s/");
    execFileSync("cp", ["-rL", join(root, "k3s"), k3s]);
    const manifest = parse(readFileSync(join(k3s, "server/manifests/pharos.yaml"), "utf8"));
    const [, chart = ""] = /%\{KUBERNETES_API\}%\/(.*)$/.exec(manifest.spec.chart) ?? [];
    expect(statSync(join(k3s, "server", chart)).isFile()).toBe(true);
    expect(readFileSync(join(k3s, "agent/images/pharos.tar")).equals(readFileSync(input.image.file))).toBe(true);
  });
});
