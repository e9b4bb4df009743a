import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type LabState, labFolders, listLabs, readState, removeFolders, tryReadState, writeState } from "./state.ts";

const STATE: LabState = {
  version: 1,
  name: "one",
  namespaces: { soc1: "ph-one-soc1" },
  wiring: "ph-one-wires",
  agents: ["soc1"],
  programs: [{ name: "control", pid: 12, startTime: "345", log: "/log" }],
  pods: [],
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pharos-lab-state-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("the state of a lab", () => {
  test("is read as it was written, in a folder that only its user can enter", async () => {
    const folders = labFolders(root, "one");
    await writeState(folders, STATE);
    expect(await readState(folders)).toEqual(STATE);
    expect((await stat(folders.top)).mode & 0o777).toBe(0o700);
  });

  test("of a lab that is not there is LAB_MISSING", async () => {
    const folders = labFolders(root, "none");
    expect(await tryReadState(folders)).toBeUndefined();
    await expect(readState(folders)).rejects.toMatchObject({ code: "PHAROS-7102" });
  });

  test("that is damaged is an error, not a missing lab", async () => {
    const folders = labFolders(root, "one");
    await writeState(folders, STATE);
    await writeFile(folders.state, "{");
    await expect(tryReadState(folders)).rejects.toThrow();
  });

  test("goes with its folders", async () => {
    const folders = labFolders(root, "one");
    await writeState(folders, STATE);
    await removeFolders(folders);
    expect(await listLabs(root)).toEqual([]);
  });
});

describe("the labs of a user", () => {
  test("are the folders below the root, sorted; other files are none", async () => {
    for (const name of ["two", "one"]) await writeState(labFolders(root, name), { ...STATE, name });
    await writeFile(join(root, "one.holder"), "{}");
    await mkdir(join(root, "Not-A-Lab"));
    expect(await listLabs(root)).toEqual(["one", "two"]);
  });

  test("are none when there is no root", async () => {
    expect(await listLabs(join(root, "none"))).toEqual([]);
  });

  test.each(["", "a-b", "../x", "A", "x".repeat(17), "a/b", "a b"])('are never called "%s"', (name) => {
    expect(() => labFolders(root, name)).toThrow(expect.objectContaining({ code: "PHAROS-7106" }));
  });
});
