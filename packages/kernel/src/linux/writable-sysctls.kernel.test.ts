import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const MODULE = join(import.meta.dirname, "writable-sysctls.ts");
const WRITE = `
  import { readFileSync, writeFileSync } from "node:fs";
  import { makeSysctlsWritable } from ${JSON.stringify(MODULE)};
  const path = "/proc/sys/net/ipv4/conf/lo/promote_secondaries";
  const write = () => { try { writeFileSync(path, readFileSync(path)); return "written"; } catch (error) { return error.code; } };
  const say = [write()];
  try { say.push(makeSysctlsWritable()); } catch (error) { say.push(error.message); }
  say.push(write());
  console.log(JSON.stringify(say));
`;

/** In a mount and network namespace of its own, after `prepared`: what a write says, what the function says, what a write says then. */
function inContainer(prepared: string, prefix: readonly string[] = []): unknown {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", WRITE];
  const script = `${prepared} exec "$@"`;
  const { stdout, stderr, status } = spawnSync("unshare", ["--mount", "--net", "sh", "-c", script, "sh", ...prefix, ...node], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** As runc covers the paths that it shows read-only. */
const COVER = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&";

describe("the sysctls of a container", () => {
  test("are made writable", () => {
    expect(inContainer(COVER)).toEqual(["EROFS", true, "written"]);
  });

  test("are left as they are where they are writable", () => {
    expect(inContainer("")).toEqual(["written", false, "written"]);
  });

  test("stay read-only without the capability, and that is said", () => {
    const without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"];
    expect(inContainer(COVER, without)).toEqual(["EROFS", "/proc/sys is read-only, and making it writable is refused: EPERM", "EROFS"]);
  });
});
