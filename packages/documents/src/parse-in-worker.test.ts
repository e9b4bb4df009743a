import { describe, expect, test } from "@jest/globals";
import { parseDocuments } from "./parse-documents.ts";
import { parseDocumentsInWorker } from "./parse-in-worker.ts";

const NODE = "apiVersion: v1\nkind: node\nmetadata: {name: a}\nspec: {name: v, socs: [{name: soc1}]}\n";
const LONG = Array.from({ length: 20_000 }, (_, n) => `k${n}: {a: [1, 2, 3]}`).join("\n");

describe("parseDocumentsInWorker", () => {
  test("answers what parseDocuments answers", async () => {
    expect(await parseDocumentsInWorker(NODE, { inlineBytes: 0, file: "f.yaml" })).toEqual(parseDocuments(NODE, { file: "f.yaml" }));
  });

  test("does not hold up the event loop while it reads", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await parseDocumentsInWorker(LONG);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  test("answers with a finding when the time is over", async () => {
    const { documents, findings } = await parseDocumentsInWorker(LONG, { timeoutMs: 20, file: "f.yaml" });
    expect(documents).toEqual([]);
    expect(findings.map(({ code, source }) => [code, source?.file])).toEqual([["PHAROS-1001", "f.yaml"]]);
  });

  test("answers with a finding when the heap is full", async () => {
    const { findings } = await parseDocumentsInWorker(LONG, { heapMb: 8 });
    expect(findings.map(({ code }) => code)).toEqual(["PHAROS-1001"]);
  });

  test("answers with a finding when the worker cannot start", async () => {
    const { findings } = await parseDocumentsInWorker(NODE, { inlineBytes: 0, worker: new URL("./no-such-worker.ts", import.meta.url) });
    expect(findings.map(({ code }) => code)).toEqual(["PHAROS-1001"]);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const reading = parseDocumentsInWorker(LONG, { signal: controller.signal });
    controller.abort(new Error("not needed any more"));
    await expect(reading).rejects.toThrow("not needed any more");
  });

  test("refuses 20 MB without starting a worker", async () => {
    const started = performance.now();
    const { findings } = await parseDocumentsInWorker("#".repeat(20 * 1024 * 1024), { worker: new URL("file:///none") });
    expect(findings.map(({ code }) => code)).toEqual(["PHAROS-1000"]);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
