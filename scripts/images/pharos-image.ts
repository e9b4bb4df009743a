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

/** The image of all daemons: Node, the bundles, the plugin, and the few programs of Debian that they start. No shell. */
export function pharosImage(repository: string, name: string): ImageSettings {
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  return {
    name,
    architecture: arch,
    layers: [withFolders(systemLayer(repository)), withFolders(programLayer(repository))],
    entrypoint: [`/${BIN}/pharos`],
    env: [`PATH=/${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`],
    user: `${NOBODY}:${NOBODY}`,
  };
}

function systemLayer(repository: string): readonly TarEntry[] {
  const node = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
  return [
    ...programFiles(node, `${BIN}/node`),
    ...TOOLS.flatMap((tool) => programFiles(whichProgram(tool))),
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
  const natives = ["netlink", "node-gyp-build", "koffi", `@koromix/koffi-linux-${process.arch}`];
  return [
    ...PROGRAMS.flatMap((program): readonly TarEntry[] => [
      { kind: "text", path: `${LIB}/${program}.mjs`, mode: 0o755, text: executable(readFileSync(join(dist, `${program}.mjs`), "utf8")) },
      { kind: "link", path: `${BIN}/${program}`, target: `../lib/${program}.mjs` },
    ]),
    ...parts.map((file): TarEntry => ({ kind: "file", path: `${LIB}/${file}`, from: join(dist, file) })),
    ...natives.flatMap((name) => folderFiles(join(repository, "node_modules", name), `${LIB}/node_modules/${name}`)),
    { kind: "file", path: `${BIN}/pharos-cni`, from: join(dist, "pharos-cni"), mode: 0o755 },
  ];
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
