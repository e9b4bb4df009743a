import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@pharos/base";
import { FOREIGN_INTERFACE, type KernelUnderTest, kernelContract } from "./contract.ts";
import { linuxKernel } from "./linux.ts";

let made = 0;

async function make(): Promise<KernelUnderTest> {
  const name = `phc${process.pid}-${made++}`;
  const ip = (...args: readonly string[]): Buffer => execFileSync("ip", ["-n", name, ...args]);
  execFileSync("ip", ["netns", "add", name]);
  ip("link", "add", FOREIGN_INTERFACE.name, "type", "veth", "peer", "name", "wire");
  for (const link of ["lo", FOREIGN_INTERFACE.name, "wire"]) ip("link", "set", link, "up");
  for (const address of FOREIGN_INTERFACE.addresses) ip("address", "add", address, "dev", FOREIGN_INTERFACE.name);
  const root = mkdtempSync(join(tmpdir(), "pharos-contract-"));
  return {
    kernel: await linuxKernel({ log: silentLog, root, namespacePath: `/run/netns/${name}` }),
    close: async () => {
      execFileSync("ip", ["netns", "delete", name]);
      rmSync(root, { recursive: true });
    },
  };
}

kernelContract("Linux", make);
