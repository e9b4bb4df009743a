import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { openEmbeddedStore } from "./index.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-kill-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Writes change sets of three bridges for ever, and a line after each that was answered. */
const WRITER = `
import { openEmbeddedStore } from "@pharos/store/embedded";
const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const store = openEmbeddedStore({
  path: process.argv[1], log, admit: (value) => ({ value, findings: [] }),
  clock: { now: () => Date.now() }, newId: () => crypto.randomUUID(),
});
const bridge = (name, round) => ({ apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name }, spec: { bridges: [], round } });
for (let round = 1; ; round += 1) {
  await store.applySet({ apply: ["a", "b", "c"].map((name) => bridge(name, round)), delete: [], door: "test" });
  console.log(round);
}
`;

/** Kills the writer once it has answered `rounds` writes; returns the last answered round. */
async function writeAndKill(path: string, rounds: number): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, path], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === rounds) child.kill("SIGKILL");
  }
  await ended;
  return last;
}

describe("the embedded store of a process that is killed", () => {
  test.each([1, 7, 40])("holds every answered write, and each change set whole (killed after %d)", async (rounds) => {
    const path = join(folder, "store.sqlite");
    const answered = await writeAndKill(path, rounds);
    const errors: string[] = [];
    const log = { ...silentLog, error: (message: string) => errors.push(message) };
    const admit = (value: unknown) => ({ value: value as object, findings: [] });
    const store = openEmbeddedStore({ path, admit, clock: systemClock, newId: () => crypto.randomUUID(), log });
    const found = (await store.list("Bridge")).items.map(({ spec }: { readonly spec: object }) =>
      "round" in spec ? spec.round : undefined,
    );
    await store.close();
    expect(errors).toEqual([]);
    expect(found).toHaveLength(3);
    expect(new Set(found).size).toBe(1);
    expect(Number(found[0])).toBeGreaterThanOrEqual(answered);
    expect(answered).toBeGreaterThanOrEqual(rounds);
  });
});
