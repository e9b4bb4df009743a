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
const native = once(() => withoutCompilers(loadAddon()));

/**
 * Stops V8's compilers of machine code: of a process that ends in 20 ms they only take processor time, on threads of their own. Done here and not by
 * an option of Node, since at the start these flags void the code cache of Node's own modules. V8's API for embedders
 * (v8-initialization.h), which Node's executable offers to addons; without it the process is slower by 2 ms.
 */
function withoutCompilers(koffi: Koffi): Koffi {
  try {
    koffi.load(null).func("void _ZN2v82V818SetFlagsFromStringEPKc(const char *)")("--no-opt --no-maglev --no-sparkplug");
  } catch {
    // Another Node, without that symbol.
  }
  return koffi;
}

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
