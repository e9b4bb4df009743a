import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LEDGER_UNWRITABLE } from "../codes.ts";
import { LedgerLock } from "../ledger-lock.ts";
import { readLedger } from "../read-ledger.ts";
import { DRIVER, type DriverCommand, drive } from "./drive.ts";

const UNWRITABLE = LEDGER_UNWRITABLE.code;
let root = "";
let folder = "";
const path = () => join(folder, "ledger");
const bytes = () => readFileSync(path(), "utf8");
const held = () => readLedger(folder).map(({ key, addresses }) => `${key.containerID} ${addresses.join(" ")}`);
const reserve = (id: string, address: string): DriverCommand => ({ do: "reserve", id, address });
/** Fails calls of the driver's main thread, which makes all of the ledger's. */
const failing = (what: string) => ["strace", "-qq", "-o", "/dev/null", "-e", `inject=${what}`];
/** A mount namespace of its own, so that nothing outlives the driver. */
const ALONE = ["unshare", "--mount", "--propagation", "private"];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pharos-ledger-faults-"));
  folder = join(root, "state");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a ledger that cannot be written", () => {
  test("for want of space refuses, keeps exactly what it confirmed, and goes on when there is space", () => {
    const commands: readonly DriverCommand[] = [
      { do: "mount", options: ["-t", "tmpfs", "-o", "size=20k", "tmpfs"] },
      { do: "reserve until it fails" },
      { do: "count" },
      reserve("late", "10.9.9.9/16"),
      { do: "mount", options: ["-o", "remount,size=40k"] },
      reserve("late", "10.9.9.9/16"),
      { do: "count" },
    ];
    const [, filled = "", count, refused, , taken, after] = drive(folder, commands, ALONE);
    expect(Number(count)).toBeGreaterThan(30);
    expect([filled, refused, taken, after]).toEqual([`${count} then ${UNWRITABLE}`, UNWRITABLE, "ok", String(Number(count) + 1)]);
  });

  test("on a read-only file system changes nothing, and can still be read", () => {
    drive(folder, [reserve("a", "10.0.0.2/24")]);
    const before = bytes();
    const outcomes = drive(
      folder,
      [
        { do: "mount", options: ["--bind", folder] },
        { do: "mount", options: ["-o", "remount,bind,ro"] },
        reserve("b", "10.0.0.3/24"),
        { do: "release", id: "a" },
      ],
      ALONE,
    );
    expect(outcomes).toEqual(["ok", "ok", UNWRITABLE, UNWRITABLE]);
    expect(bytes()).toBe(before);
  });

  test.each([1, 20, 60, 100])("because the system takes only %s bytes of a record keeps what it held, to the byte", (room) => {
    drive(folder, [reserve("a", "10.0.0.2/24")]);
    const before = bytes();
    const limit = ["prlimit", `--fsize=${statSync(path()).size + room}`];
    expect(drive(folder, [reserve("b", "10.0.0.3/24")], limit)).toEqual([UNWRITABLE]);
    expect(bytes()).toBe(before);
    expect(drive(folder, [reserve("b", "10.0.0.3/24")])).toEqual(["ok"]);
    expect(held()).toEqual(["a 10.0.0.2/24", "b 10.0.0.3/24"]);
  });

  test("because the disk fails the sync takes the entry back", () => {
    drive(folder, [reserve("a", "10.0.0.2/24")]);
    expect(drive(folder, [reserve("b", "10.0.0.3/24")], failing("fdatasync:error=EIO:when=1"))).toEqual([UNWRITABLE]);
    expect(held()).toEqual(["a 10.0.0.2/24"]);
    expect(drive(folder, [reserve("c", "10.0.0.3/24")])).toEqual(["ok"]);
  });

  test("because the disk fails the sync puts back what the entry replaced", () => {
    drive(folder, [reserve("a", "10.0.0.2/24")]);
    expect(drive(folder, [reserve("a", "10.0.0.9/24")], failing("fdatasync:error=EIO:when=1"))).toEqual([UNWRITABLE]);
    expect(held()).toEqual(["a 10.0.0.2/24"]);
  });

  test("because the disk fails the sync of a release says so; the entry is gone", () => {
    drive(folder, [reserve("a", "10.0.0.2/24")]);
    expect(drive(folder, [{ do: "release", id: "a" }], failing("fdatasync:error=EIO:when=1"))).toEqual([UNWRITABLE]);
    expect(held()).toEqual([]);
  });

  test("because the folder cannot be synced refuses its first entry, and takes it later", () => {
    expect(drive(folder, [reserve("a", "10.0.0.2/24")], failing("fsync:error=EIO:when=1"))).toEqual([UNWRITABLE]);
    expect(held()).toEqual([]);
    expect(drive(folder, [reserve("a", "10.0.0.2/24")])).toEqual(["ok"]);
  });

  test.each([
    ["the new file cannot be synced", "fsync:error=EIO:when=2", "ok"],
    ["the new file cannot be renamed in", "rename:error=EIO:when=1", UNWRITABLE],
    ["the folder cannot be synced after the rename", "fsync:error=EIO:when=3", UNWRITABLE],
  ])("during a compaction (%s) loses nothing and invents nothing", (_what, fault, outcome) => {
    const many = Array.from({ length: 254 }, () => reserve("a", "10.0.0.2/24"));
    // The first fsync is that of the folder for the new ledger, in the same process.
    const commands = [...many, reserve("b", "10.0.0.3/24"), reserve("c", "10.0.0.4/24")];
    const outcomes = drive(folder, commands, failing(fault));
    expect(outcomes.filter((one) => one !== "ok")).toEqual(outcome === "ok" ? [] : [UNWRITABLE]);
    const confirmed = commands.flatMap((command, index) => (outcomes[index] === "ok" && command.do === "reserve" ? [command.id] : []));
    expect(held().map((text) => text.split(" ")[0])).toEqual([...new Set(confirmed)]);
    expect(drive(folder, [reserve("d", "10.0.0.5/24")])).toEqual(["ok"]);
  });
});

describe("processes beside each other", () => {
  test("one sync serves all that wait for it", () => {
    drive(folder, [reserve("first", "10.0.1.1/16")]);
    const lock = new LedgerLock(folder);
    const count = 6;
    const traces = Array.from({ length: count }, (_, index) => join(root, `trace-${index}`));
    const done = lock.withDisk(() => {
      const ends = traces.map((trace, index) => {
        const command = JSON.stringify([reserve(`w${index}`, `10.0.0.${index + 2}/16`)]);
        const through = ["-qq", "-o", trace, "-e", "trace=fdatasync", process.execPath, DRIVER, folder, command];
        return new Promise((settle) => spawn("strace", through, { stdio: "ignore" }).on("close", settle));
      });
      // All have appended, and none is on disk.
      while (held().length < count + 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      return ends;
    });
    lock.close();
    return Promise.all(done).then((codes) => {
      expect(codes).toEqual(traces.map(() => 0));
      const syncs = traces.map((trace) => readFileSync(trace, "utf8").split("fdatasync(").length - 1);
      expect(syncs.reduce((sum, one) => sum + one, 0)).toBe(1);
    });
  });

  test("a killed owner's lock ends with it", async () => {
    const child = spawn(process.execPath, [DRIVER, folder, JSON.stringify([{ do: "hold", id: "a" }])], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise((settle) => child.on("close", settle));
    await new Promise((settle) => child.stdout.once("data", settle));
    const lock = new LedgerLock(folder, 50);
    try {
      expect([lock.isIdle("a"), lock.isIdle("b")]).toEqual([false, true]);
      expect(() => lock.takeContainer("a")).toThrow(/was locked for 50 ms/);
      expect(() => lock.takeAll()).toThrow(/was locked for 50 ms/);
      lock.takeContainer("b");
      child.kill("SIGKILL");
      await ended;
      lock.takeContainer("a");
    } finally {
      lock.close();
    }
  });

  test("newcomers wait behind who waits for all, whose turn comes so", async () => {
    const lock = new LedgerLock(folder, 30);
    const newcomer = new LedgerLock(folder, 30);
    try {
      lock.takeContainer("a");
      const child = spawn(process.execPath, [DRIVER, folder, JSON.stringify([{ do: "maintain" }])], { stdio: "ignore" });
      const ended = new Promise((settle) => child.on("close", settle));
      while (begins(newcomer)) await new Promise((settle) => setTimeout(settle, 20));
      lock.leaveContainer("a");
      expect(await ended).toBe(0);
      expect(begins(newcomer)).toBe(true);
    } finally {
      lock.close();
      newcomer.close();
    }
  });
});

/** True when a command of another container gets its lock at once. */
function begins(lock: LedgerLock): boolean {
  try {
    lock.takeContainer("new");
  } catch {
    return false;
  }
  lock.leaveContainer("new");
  return true;
}
