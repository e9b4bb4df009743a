import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import fc from "fast-check";
import { PodLog } from "./pod-log.ts";

const pod = (index: number, version = "1"): PodNetwork => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: `p${String(index).padStart(5, "0")}`, namespace: "default", resourceVersion: version },
  spec: { host: "soc2", bridge: "podBr0", pod: { namespace: "default", name: `p${index}` } },
  status: { phase: "Attached", addresses: [`10.2.${index >> 8}.${index & 255}/16`] },
});

describe("PodLog", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-pod-log-"));
    path = join(folder, "pods.log");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fresh = () => new PodLog(path, silentLog);
  /** As plain objects. */
  const readBy = async (log: PodLog): Promise<unknown> => JSON.parse(JSON.stringify((await log.read()) ?? null));

  test("writes one pod's change of ten thousand as one line", async () => {
    const all = Array.from({ length: 10_000 }, (_, index) => pod(index));
    await fresh().write(all);
    const log = fresh();
    expect(await readBy(log)).toEqual(all);
    const before = statSync(path).size;
    const changed = all.with(5000, pod(5000, "2"));
    await log.write(changed);
    expect(statSync(path).size - before).toBeLessThan(500);
    expect(await readBy(fresh())).toEqual(changed);
  });

  test("writes nothing for another list of the same pods", async () => {
    const log = fresh();
    await log.write([pod(1), pod(2)]);
    const { mtimeNs } = statSync(path, { bigint: true });
    await log.write([pod(1), pod(2)]);
    expect(statSync(path, { bigint: true }).mtimeNs).toBe(mtimeNs);
  });

  test("says the last list after any history, also by another process", async () => {
    const lists = fc.array(fc.uniqueArray(fc.nat(20), { maxLength: 12 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(lists, fc.boolean(), async (history, restarts) => {
        rmSync(path, { force: true });
        let log = fresh();
        for (const [turn, indexes] of history.entries()) {
          const wanted = indexes.sort((a, b) => a - b).map((index) => pod(index, String(index % 2 === 0 ? 1 : turn)));
          await log.write(wanted);
          if (restarts) {
            log = fresh();
            await log.read();
          }
          expect(await readBy(fresh())).toEqual(wanted);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("leaves out a torn or damaged line, and is whole after the next write", async () => {
    await fresh().write([pod(1), pod(2), pod(3)]);
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, lines.with(2, `${lines[2]}x`).join("\n"));
    appendFileSync(path, "0000");
    const log = fresh();
    expect(await readBy(log)).toEqual([pod(1), pod(3)]);
    await log.write([pod(1), pod(3)]);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(4);
    expect(await readBy(fresh())).toEqual([pod(1), pod(3)]);
  });

  test("is written anew when most of its lines are history", async () => {
    const log = fresh();
    for (let turn = 0; turn < 1100; turn += 100) await log.write(Array.from({ length: 100 }, (_, index) => pod(index, String(turn))));
    expect(readFileSync(path, "utf8").split("\n").length).toBeLessThan(1002);
    expect((await fresh().read())?.[0]?.metadata.resourceVersion).toBe("1000");
  });

  test("is made anew where another program left something else, and after a write that failed", async () => {
    writeFileSync(path, "{}\n");
    const log = fresh();
    expect(await log.read()).toBeUndefined();
    mkdirSync(`${path}.tmp`);
    await expect(log.write([pod(1)])).rejects.toThrow();
    rmSync(`${path}.tmp`, { recursive: true });
    await log.write([pod(1)]);
    expect(await readBy(fresh())).toEqual([pod(1)]);
  });
});
