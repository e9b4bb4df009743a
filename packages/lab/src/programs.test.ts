import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { identityOf, isAlive, stopPrograms } from "./programs.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A child that is ready when it has written a line. */
async function start(script: string): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  return { child, pid: child.pid ?? 0 };
}

const OBEDIENT = "setInterval(() => {}, 1000); console.log('ready')";
const STUBBORN = `process.on("SIGTERM", () => {}); ${OBEDIENT}`;

describe("the identity of a process", () => {
  test("is its pid and its start time after boot", () => {
    const uptimeTicks = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 100;
    const { pid, startTime } = identityOf(process.pid);
    expect(pid).toBe(process.pid);
    expect(Number(startTime)).toBeGreaterThan(0);
    expect(Number(startTime)).toBeLessThanOrEqual(uptimeTicks);
  });

  test("is alive while the process runs, and not after", async () => {
    const { child, pid } = await start(OBEDIENT);
    const identity = identityOf(pid);
    expect(isAlive(identity)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isAlive(identity)).toBe(false);
  });

  test("of another process with the same pid is not taken for it", async () => {
    const { pid } = await start(OBEDIENT);
    expect(isAlive({ ...identityOf(pid), startTime: "1" })).toBe(false);
  });

  test("of a process that had ended already is never alive", async () => {
    const { child, pid } = await start(OBEDIENT);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isAlive(identityOf(pid))).toBe(false);
  });
});

describe("stopping programs", () => {
  test("ends one that obeys SIGTERM with SIGTERM", async () => {
    const { child, pid } = await start(OBEDIENT);
    const ended = once(child, "exit");
    await stopPrograms([identityOf(pid)], systemClock);
    expect(await ended).toEqual([null, "SIGTERM"]);
  });

  test("ends one that does not obey with SIGKILL after the grace time", async () => {
    const { child, pid } = await start(STUBBORN);
    const ended = once(child, "exit");
    await stopPrograms([identityOf(pid)], systemClock, 100);
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  test("leaves a process alone that only has the pid of one that ended", async () => {
    const { child, pid } = await start(OBEDIENT);
    await stopPrograms([{ pid, startTime: "1" }], systemClock, 50);
    expect({ exit: child.exitCode, signal: child.signalCode, alive: isAlive(identityOf(pid)) }).toEqual({
      exit: null,
      signal: null,
      alive: true,
    });
  });
});
