import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageSettings } from "./oci-image.ts";
import { folderFiles, programFiles, withFolders } from "./root-files.ts";
import type { TarEntry } from "./tar-stream.ts";

/** uid of everything that needs no rights; the agent is started as 0 by whoever deploys it. */
const NOBODY = 65532;
const BIN = "opt/pharos/bin";
const LIB = "opt/pharos/lib";
/** Programs that the daemons start. */
const TOOLS = ["nft", "ip", "tc"] as const;
const PROGRAMS = ["pharos", "pharosctl"] as const;

/** The layers, lowest first: what changes rarely, and what each build changes. */
export const LAYERS = { system: systemLayer, programs: programLayer } as const;

/** How the image is started; images/Dockerfile says the same. */
export const START = {
  entrypoint: [`/${BIN}/pharos`],
  env: [`PATH=/${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`],
  user: `${NOBODY}:${NOBODY}`,
} as const;

/** Architecture in the words of OCI and Debian. */
export const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";

/** npm packages with native code: loaded from beside the programs, not bundled. */
export const NATIVE_PACKAGES = ["netlink", "node-gyp-build", "koffi", `@koromix/koffi-linux-${process.arch}`] as const;

/** The image of all daemons: Node, the bundles, the plugin, and the few programs of Debian that they start. No shell. */
export function pharosImage(repository: string, name: string): ImageSettings {
  const layers = Object.values(LAYERS).map((entries) => withFolders(entries(repository)));
  return { name, architecture: ARCHITECTURE, layers, ...START };
}

/** Programs of Debian in the image and the shared libraries that they and Node are linked to. */
export function debianFiles(repository: string): readonly TarEntry[] {
  return [...programFiles(nodeProgram(repository), `${BIN}/node`).slice(1), ...TOOLS.flatMap((tool) => programFiles(whichProgram(tool)))];
}

function nodeProgram(repository: string): string {
  return join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
}

function systemLayer(repository: string): readonly TarEntry[] {
  return [
    { kind: "file", path: `${BIN}/node`, from: nodeProgram(repository), mode: 0o755 },
    ...debianFiles(repository),
    { kind: "text", path: "etc/passwd", text: `root:x:0:0:root:/:/nologin\npharos:x:${NOBODY}:${NOBODY}:pharos:/:/nologin\n` },
    { kind: "text", path: "etc/group", text: `root:x:0:\npharos:x:${NOBODY}:\n` },
    { kind: "text", path: "etc/nsswitch.conf", text: "hosts: files dns\n" },
    { kind: "folder", path: "tmp", mode: 0o1777 },
    ...["run", "proc", "sys", "dev", "var/lib/pharos", "etc/pharos"].map((path): TarEntry => ({ kind: "folder", path })),
  ];
}

function programLayer(repository: string): readonly TarEntry[] {
  const dist = join(repository, "dist");
  const parts = readdirSync(dist).filter((file) => /^(documents-worker|(pharos|pharosctl)-part-[\w-]+)\.mjs$/.test(file));
  return [
    ...PROGRAMS.flatMap((program): readonly TarEntry[] => [
      { kind: "text", path: `${LIB}/${program}.mjs`, mode: 0o755, text: executable(readFileSync(join(dist, `${program}.mjs`), "utf8")) },
      { kind: "link", path: `${BIN}/${program}`, target: `../lib/${program}.mjs` },
    ]),
    ...parts.map((file): TarEntry => ({ kind: "file", path: `${LIB}/${file}`, from: join(dist, file) })),
    ...NATIVE_PACKAGES.flatMap((name) => folderFiles(join(repository, "node_modules", name), `${LIB}/node_modules/${name}`)).filter(
      isLoaded,
    ),
    { kind: "file", path: `${BIN}/pharos-cni`, from: join(dist, "pharos-cni"), mode: 0o755 },
  ];
}

/** Of a native package: its code for this machine and its licence; neither sources and types, nor what other machines load. */
function isLoaded({ path }: TarEntry): boolean {
  const [, prebuild = ""] = /\/(?:prebuilds\/)?((?:linux|musl)[-_](?:x64|ia32|arm|arm64))\/[^/]+\.node$/.exec(path) ?? [];
  const otherMachine = prebuild !== "" && !new RegExp(`^linux[-_]${process.arch}$`).test(prebuild);
  return !otherMachine && /(\.(c?js|mjs|json|node)|LICENSE[^/]*)$/.test(path) && !path.includes("/@types/");
}

/** There is no env(1) in the image: the first line names Node itself. */
function executable(text: string): string {
  return `#!/${BIN}/node\n${text.replace(/^#!.*\n/, "")}`;
}

function whichProgram(name: string): string {
  const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  const found = path.split(":").map((folder) => join(folder, name));
  const first = found.find((file) => isProgram(file));
  if (first === undefined) throw new Error(`${name} is not installed: make setup`);
  return first;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
