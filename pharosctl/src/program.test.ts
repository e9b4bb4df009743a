import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { EXAMPLE, REPOSITORY, runProgram } from "../testing/run-program.ts";

describe("pharosctl", () => {
  test.each([
    [["nonsense"], 2],
    [["validate"], 2],
    [["validate", "-f", EXAMPLE[0] ?? "", "-o", "xml"], 2],
    [["explain", "vm1"], 2],
    [["lab", "attach", "pod"], 2],
    [["--help"], 0],
    [["lab", "up", "--help"], 0],
  ])("%j ends with %i", async (args, code) => {
    expect((await runProgram(args)).code).toBe(code);
  });

  test.each([[["status"]], [["apply", "-f", ...EXAMPLE]], [["explain", "vm1", "vm2"]]])(
    "%j ends with 5 when no Pharos answers",
    async (args) => {
      const { code, out, err } = await runProgram(args);
      expect({ code, out }).toEqual({ code: 5, out: "" });
      expect(err).toContain("unix:/nowhere/pharos.sock");
    },
  );

  test("asks the lab that --lab names", async () => {
    expect((await runProgram(["status", "--lab", "mine"])).err).toContain("unix:/nowhere/labs/mine/control/pharos.sock");
    expect((await runProgram(["status", "--lab", "../x"])).err).toContain("PHAROS-7106");
  });

  test("a lab that is not there is a failure that says how to make one", async () => {
    const { code, err } = await runProgram(["lab", "exec", "vm1", "true"]);
    expect(code).toBe(1);
    expect(err).toContain("PHAROS-7102");
    expect((await runProgram(["lab", "status"])).out).toBe("no lab is up\n");
  });

  test("a lab's name that leads out of the folder of labs is refused", async () => {
    const { code, err } = await runProgram(["lab", "down", "--name", "../../etc"]);
    expect(code).toBe(1);
    expect(err).toContain("PHAROS-7106");
  });

  test("a reader that has seen enough is no failure", async () => {
    const child = spawn(process.execPath, [`${REPOSITORY}pharosctl/src/main.ts`, "plan", "-f", ...EXAMPLE], { env: {} });
    child.stdout.destroy();
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    expect({ end: await once(child, "close"), err }).toEqual({ end: [0, null], err: "" });
  });
});
