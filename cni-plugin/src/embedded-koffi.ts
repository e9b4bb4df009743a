import { closeSync, constants, openSync, writeSync } from "node:fs";
import { getRawAsset } from "node:sea";
import { once } from "./linux/once.ts";

/** Takes the place of the package `koffi` in the single executable: the addon is an asset of the executable itself. */
const ASSET = "koffi.node";
/** Not in node:fs: __O_TMPFILE of asm-generic/fcntl.h, which needs O_DIRECTORY beside it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** Folders for the nameless file; the first that is writable and allows execution. */
const FOLDERS = ["/run", "/dev/shm", "/tmp", "/var/tmp"];

type Koffi = typeof import("koffi");

/** The addon is loaded at the first use: VERSION and STATUS do without it. */
const native = once(loadAddon);

function loadAddon(): Koffi {
  const bytes = new Uint8Array(getRawAsset(ASSET));
  const failures: unknown[] = [];
  for (const folder of FOLDERS) {
    try {
      return loadFrom(folder, bytes);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new Error(`cannot load the addon from any of ${FOLDERS.join(", ")}: ${failures.map(String).join("; ")}`);
}

/** The file has no name, so nobody can put another in its place and nothing is left behind. */
function loadFrom(folder: string, bytes: Uint8Array): Koffi {
  const descriptor = openSync(folder, O_TMPFILE | constants.O_RDWR, 0o700);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    const module: { exports: object } = { exports: {} };
    process.dlopen(module, `/proc/self/fd/${descriptor}`);
    return module.exports as Koffi;
  } finally {
    closeSync(descriptor);
  }
}

const koffi: Pick<Koffi, "load" | "os" | "address"> & { errno(): number } = {
  load: (...parameters) => native.get().load(...parameters),
  errno: () => native.get().errno(),
  address: (value) => native.get().address(value),
  get os() {
    return native.get().os;
  },
};

// biome-ignore lint/style/noDefaultExport: the package that this module stands for has a default export.
export default koffi;
