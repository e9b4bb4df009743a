import { describe, expect, test } from "@jest/globals";
import { killRuns, sampled, splitAt, tracedCalls } from "./trace.ts";

const TRACE = `execve("/plugin", ["/plugin"], 0x7ffd /* 3 vars */) = 0
openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY) = 3
close(3) = 0
--- SIGCHLD {si_signo=SIGCHLD} ---
openat(AT_FDCWD, "/state/lock", O_WRONLY|O_CREAT) = 3
sendto(4, ...) = 52
recvfrom(4, ...) = 36
openat(AT_FDCWD, "/state/ledger", O_RDONLY) = 5
+++ exited with 0 +++
`;
const spell = ({ name, ordinal }: { name: string; ordinal: number }) => `${name} ${ordinal}`;

describe("tracedCalls", () => {
  test("numbers the calls of each name, and leaves signals and the exit out", () => {
    expect(tracedCalls(TRACE).map(spell)).toEqual(["execve 1", "openat 1", "close 1", "openat 2", "sendto 1", "recvfrom 1", "openat 3"]);
  });
});

describe("a call that the kernel had begin anew", () => {
  test("counts once", () => {
    const restarted = `write(5, "0", 1) = ? ERESTARTNOINTR (To be restarted)\n`;
    expect(tracedCalls(`${restarted}${restarted}write(5, "0", 1) = 1\n`).map(spell)).toEqual(["write 1"]);
  });
});

describe("splitAt", () => {
  test("the program's own part begins where the path is named first; the tracer's execve belongs to nobody", () => {
    const { start, own } = splitAt(tracedCalls(TRACE), "/state");
    expect([start.map(spell), own.map(spell)]).toEqual([
      ["openat 1", "close 1"],
      ["openat 2", "sendto 1", "recvfrom 1", "openat 3"],
    ]);
  });

  test("refuses a trace that never names the path", () => {
    expect(() => splitAt(tracedCalls(TRACE), "/nowhere")).toThrow(RangeError);
  });
});

describe("killRuns", () => {
  const parts = splitAt(tracedCalls(TRACE), "/state");

  test.each([3, 4, 5, 6])("with as many runs per call as there are aftermaths, %i, every call gets every aftermath", (many) => {
    const aftermaths = Array.from({ length: many }, (_, index) => index);
    const runs = killRuns({ start: [], own: parts.own }, aftermaths, { count: 4 * many, phase: 0.5 });
    expect(new Set(runs.map(({ call, aftermath }) => `${spell(call)} ${aftermath}`)).size).toBe(4 * many);
  });

  test("spends a tenth on the start of the program, and spreads the rest evenly", () => {
    const runs = killRuns(parts, ["retry"], { count: 20, phase: 0 });
    const counts = Map.groupBy(runs, ({ call }) => spell(call));
    expect([...counts].map(([name, { length }]) => `${name}: ${length}`)).toEqual([
      "openat 1: 1",
      "close 1: 1",
      "openat 2: 5",
      "sendto 1: 5",
      "recvfrom 1: 4",
      "openat 3: 4",
    ]);
  });

  test("a small proof with another phase sees other calls", () => {
    const seen = (phase: number) => killRuns({ start: [], own: parts.own }, ["retry"], { count: 2, phase }).map(({ call }) => spell(call));
    expect([seen(0), seen(0.6)]).toEqual([
      ["openat 2", "recvfrom 1"],
      ["sendto 1", "openat 3"],
    ]);
  });
});

describe("sampled", () => {
  test("takes all where there are few", () => {
    expect(sampled([1, 2, 3], { count: 5, phase: 0.9 })).toEqual([1, 2, 3]);
  });

  test("spreads the choice over many", () => {
    expect(sampled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { count: 3, phase: 0 })).toEqual([0, 3, 6]);
  });
});
