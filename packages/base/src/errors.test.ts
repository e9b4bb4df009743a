import { describe, expect, test } from "@jest/globals";
import { type CodeEntry, describeError, hasCode, PharosError } from "./errors.ts";

const entry: CodeEntry = { code: "PHAROS-1", title: "test", action: "do this" };

describe("PharosError", () => {
  test("tells code, message, cause and advice in one line", () => {
    const error = new PharosError(entry, "cannot write", { cause: new Error("disk full") });
    expect(describeError(error)).toBe("PHAROS-1 cannot write: disk full (do this)");
  });

  test("is recognised by its code, not by its message", () => {
    expect(hasCode(new PharosError(entry, "any"), entry)).toBe(true);
    expect(hasCode(new Error("any"), entry)).toBe(false);
  });
});
