import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeMachine, removeMachine, runProgram } from "./machine.ts";

const NAME = `lkm${process.pid % 100_000}`;
const BRIDGE = `${NAME}-br`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-machine-"));
  runProgram(["ip", "link", "add", BRIDGE, "type", "bridge"]);
});
afterEach(async () => {
  await removeMachine(NAME);
  spawnSync("ip", ["link", "delete", BRIDGE]);
  rmSync(folder, { recursive: true, force: true });
});

const settings = () => ({ name: NAME, folder, bridge: BRIDGE, address: "192.0.2.7/24" });
/** An ended process that nobody waits for stays as a zombie, without namespaces. */
const isAlive = (pid: number) => existsSync(`/proc/${pid}/ns/net`);

describe("a machine of namespaces", () => {
  test("has folders and an address of its own, and nothing that it writes is on this machine", async () => {
    const machine = await makeMachine(settings());
    machine.run(["sh", "-c", "echo here > /etc/pharos-machine && echo here > /run/pharos-machine"]);
    expect(machine.run(["cat", "/etc/pharos-machine", "/run/pharos-machine"])).toBe("here\nhere\n");
    expect([existsSync("/etc/pharos-machine"), existsSync("/run/pharos-machine")]).toEqual([false, false]);
    expect(machine.run(["ip", "-4", "-br", "address", "show", "dev", "eth0"])).toContain("192.0.2.7/24");
  });

  test("takes all that runs on it along, also what has left its starter and its cgroup", async () => {
    const machine = await makeMachine(settings());
    const pid = Number(machine.run(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"]));
    expect(isAlive(pid)).toBe(true);
    await machine.remove();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(`/run/netns/${NAME}`)).toBe(false);
    expect(spawnSync("ip", ["link", "show", NAME]).status).not.toBe(0);
    expect(existsSync(`/sys/fs/cgroup/pids/${NAME}`)).toBe(false);
  });

  test("of a maker that was killed is ended and removed by the next of its name", async () => {
    const pidFile = join(folder, "pid");
    const program = `
      import { makeMachine } from ${JSON.stringify(join(import.meta.dirname, "machine.ts"))};
      const machine = await makeMachine(${JSON.stringify(settings())});
      machine.run(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $! > ${pidFile}"]);
      process.kill(process.pid, "SIGKILL");`;
    const maker = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "ignore" });
    await once(maker, "close");
    const orphan = Number(readFileSync(pidFile, "utf8"));
    expect(isAlive(orphan)).toBe(true);
    const machine = await makeMachine(settings());
    expect(isAlive(orphan)).toBe(false);
    expect(machine.run(["ip", "-4", "-br", "address", "show", "dev", "eth0"])).toContain("192.0.2.7/24");
  });
});
