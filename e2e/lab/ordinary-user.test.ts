import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { identityOf, isAlive, type ProcessIdentity } from "@pharos/lab";
import { REPOSITORY } from "../vehicle-lab.ts";

/** A user that nobody else is. */
const UID = 23456;
const AS_USER = { uid: UID, gid: UID };
const PROGRAM = join(REPOSITORY, "dist/pharosctl.mjs");
const VEHICLE = join(REPOSITORY, "docs/examples/vehicle");

/** Why this test cannot run here; undefined when it can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become another user";
  const readable = spawnSync(process.execPath, [PROGRAM, "--help"], { ...AS_USER, stdio: "ignore" });
  if (readable.status !== 0) return "another user cannot read this repository";
  const namespaces = spawnSync("unshare", ["-Urnm", "true"], { ...AS_USER, stdio: "ignore" });
  return namespaces.status === 0 ? undefined : "an ordinary user may not make namespaces here";
}

const reason = obstacle();
const ordinary = reason === undefined ? describe : describe.skip;

ordinary(`the lab of an ordinary user${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let home: string;
  let labs: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "pharos-user-"));
    labs = join(home, `pharos-lab-${UID}`);
    chownSync(home, UID, UID);
  });
  afterAll(() => {
    lab("down");
    rmSync(home, { recursive: true, force: true });
  });

  const lab = (command: string, ...args: readonly string[]) => {
    const name = command === "status" ? [] : ["--name", "usr"];
    const env = { PATH: process.env.PATH ?? "", HOME: home, TMPDIR: home };
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, "lab", command, ...name, ...args], {
      ...AS_USER,
      env,
      encoding: "utf8",
      cwd: VEHICLE,
    });
    return { code: status, out: stdout, err: stderr };
  };
  const holder = (): ProcessIdentity => JSON.parse(readFileSync(join(labs, "usr.holder"), "utf8")) as ProcessIdentity;

  test("is not left behind when `up` fails", () => {
    const { code, err } = lab("up", "-f", "none.yaml");
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("PHAROS-7002") });
    expect(readdirSync(labs)).toEqual([]);
  });

  test("comes up, carries packets between pods, and goes without a trace", () => {
    expect(lab("up", "-f", "node.yaml", "bridge.yaml", "routing.yaml")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^lab usr is up/),
    });
    for (const pod of ["camera", "lidar"]) expect(lab("attach", pod, "--host", "vm1")).toMatchObject({ code: 0 });
    expect(lab("exec", "camera", "--", "ping", "-c1", "-W2", "10.2.1.3")).toMatchObject({ code: 0 });
    expect(lab("exec", "camera", "--", "sh", "-c", "exit 7").code).toBe(7);
    expect(lab("status").out).toMatch(/^soc1 +machine +agent \d+ +ph-usr-soc1$/m);
    expect(readdirSync("/run/netns").filter((name) => name.startsWith("ph-usr-"))).toEqual([]);

    const held = holder();
    expect(isAlive(held)).toBe(true);
    expect(lab("down")).toEqual({ code: 0, out: "lab usr is down\n", err: "" });
    expect(isAlive(held)).toBe(false);
    expect(readdirSync(labs)).toEqual([]);
  });

  test("whose namespaces were killed is removed by `down`, and can be made again", () => {
    expect(lab("up", "--no-apply", "-f", ".").code).toBe(0);
    const agents = [...lab("status").out.matchAll(/agent (\d+)/g)].map((match) => identityOf(Number(match[1])));
    expect(agents).toHaveLength(4);
    process.kill(holder().pid, "SIGKILL");
    expect(lab("exec", "vm1", "--", "true")).toMatchObject({ code: 1, err: expect.stringContaining("PHAROS-7102") });
    expect(lab("down").code).toBe(0);
    expect(agents.filter(isAlive)).toEqual([]);
    expect(readdirSync(labs)).toEqual([]);
  });

  test("is refused when somebody else made the folder of labs first", () => {
    rmSync(labs, { recursive: true });
    mkdirSync(labs, { mode: 0o777 });
    expect(lab("up", "-f", ".")).toMatchObject({ code: 1, err: expect.stringContaining("PHAROS-7007") });
    rmSync(labs, { recursive: true });
  });
});
