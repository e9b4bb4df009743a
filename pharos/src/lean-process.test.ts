import { describe, expect, test } from "@jest/globals";
import { leanStart } from "./lean-process.ts";

const start = { execPath: "/node", execArgv: ["--enable-source-maps"], argv: ["/node", "/pharos.mjs", "agent"], env: { PATH: "/bin" } };

describe("leanStart", () => {
  test("starts the same program with the same arguments under leaner settings", () => {
    const next = leanStart(start);
    expect(next?.args.join(" ")).toBe(
      "/node --enable-source-maps --max-semi-space-size=1 --no-opt --no-maglev --expose-gc /pharos.mjs agent",
    );
    expect(next?.env).toMatchObject({ PATH: "/bin", MALLOC_ARENA_MAX: "1" });
  });

  test("leaves a program alone that runs under them, so that it does not start for ever", () => {
    const [, ...execArgv] = leanStart(start)?.args ?? [];
    expect(leanStart({ ...start, execArgv })).toBeUndefined();
  });
});
