import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { KERNEL_CODES } from "../codes.ts";
import { deleteRendered, filesIn, writeRendered } from "./files.ts";

const refused = { code: KERNEL_CODES.fileRefused.code };

describe("rendered files", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "pharos-files-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("come back as they were written, whatever the umask", async () => {
    const file = { path: "/etc/deep/er/a.conf", mode: 0o666, content: "ä\n" };
    await writeRendered(root, file);
    expect(await filesIn(root, new Set([file.path, "/etc/missing", "/etc/deep/er/a.conf/below"]))).toEqual([file]);
    expect(readdirSync(join(root, "etc/deep/er"))).toEqual(["a.conf"]);
  });

  test("replace a symbolic link instead of writing through it", async () => {
    writeFileSync(join(root, "target"), "theirs");
    symlinkSync("target", join(root, "link"));
    expect(await filesIn(root, new Set(["/link"]))).toEqual([]);
    await writeRendered(root, { path: "/link", mode: 0o644, content: "ours" });
    expect([readFileSync(join(root, "target"), "utf8"), readFileSync(join(root, "link"), "utf8")]).toEqual(["theirs", "ours"]);
  });

  test.each(["relative", "/a/../../etc/passwd", "/a//b", "/folder/", "/a\0b"])("refuse the path %j", async (path) => {
    await expect(writeRendered(root, { path, mode: 0o644, content: "" })).rejects.toMatchObject(refused);
    await expect(deleteRendered(root, path)).rejects.toMatchObject(refused);
    await expect(filesIn(root, new Set([path]))).rejects.toMatchObject(refused);
  });

  test("leave the old content and no rest behind when they cannot be put in place", async () => {
    mkdirSync(join(root, "taken/full"), { recursive: true });
    await expect(writeRendered(root, { path: "/taken", mode: 0o644, content: "" })).rejects.toMatchObject(refused);
    expect(readdirSync(root)).toEqual(["taken"]);
  });

  test("are deleted once; a second deletion is success", async () => {
    await writeRendered(root, { path: "/a", mode: 0o644, content: "" });
    await deleteRendered(root, "/a");
    await deleteRendered(root, "/a");
    await deleteRendered(root, "/none/a");
    expect(readdirSync(root)).toEqual([]);
  });
});
