import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram } from "../testing/run-program.ts";

describe("completion", () => {
  let script: string;
  beforeAll(async () => {
    script = (await runProgram(["completion", "bash"])).out;
  });

  const bash = (args: readonly string[], input: string) => spawnSync("bash", ["--norc", ...args], { input, encoding: "utf8" });

  /** What bash offers for a line whose last word is being typed. */
  const offers = (...words: readonly string[]): readonly string[] => {
    const line = ["pharosctl", ...words].map((word) => `'${word}'`).join(" ");
    const { stdout, stderr } = bash(
      [],
      `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _pharosctl\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`,
    );
    expect(stderr).toBe("");
    return stdout.split("\n").filter((word) => word !== "");
  };

  test("is a script that bash can parse", () => {
    expect(bash(["-n"], script)).toMatchObject({ status: 0, stderr: "" });
  });

  test.each([
    [["v"], ["validate"]],
    [["la"], ["lab"]],
    [["lab", "u"], ["up"]],
    [["lab", "up", "--na"], ["--name"]],
    [["explain", "vm1", "vm2", "--ser"], ["--server"]],
    [["lab", "attach", "camera", "--ho"], ["--host"]],
    [["plan", "--out"], ["--output"]],
  ])("completes %j to %j", (words, expected) => {
    expect(offers(...words)).toEqual(expected);
  });

  test("does not offer what only pharosctl itself calls", () => {
    expect(offers("lab", "")).toEqual(expect.arrayContaining(["up", "down", "attach"]));
    expect(offers("lab", "ho")).not.toContain("hold");
  });

  test("is registered for pharosctl", () => {
    expect(bash([], `${script}\ncomplete -p pharosctl\n`).stdout).toBe("complete -F _pharosctl pharosctl\n");
  });

  test("is written for zsh and fish, and refused for other shells", async () => {
    expect((await runProgram(["completion", "zsh"])).out).toContain("bashcompinit");
    expect((await runProgram(["completion", "fish"])).out).toContain("complete -c pharosctl -n '__fish_seen_subcommand_from up' -l name");
    expect((await runProgram(["completion", "csh"])).code).toBe(2);
  });
});
