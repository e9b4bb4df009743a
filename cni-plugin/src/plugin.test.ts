import { describe, expect, test } from "@jest/globals";
import { KNOWN_CODES } from "./cni-error.ts";
import { runPlugin } from "./plugin.ts";

const CONFIG = {
  cniVersion: "1.1.0",
  name: "pods",
  type: "pharos",
  stateDir: "/nowhere",
  pharos: { version: 1, bridges: [] },
};

function run(command: string | undefined, config: unknown, env: Record<string, string> = {}) {
  const { stdout, code } = runPlugin({
    env: { CNI_COMMAND: command, ...env },
    stdin: typeof config === "string" ? config : JSON.stringify(config),
  });
  return { exit: code, ...(stdout === "" ? {} : JSON.parse(stdout)) };
}

describe("runPlugin", () => {
  test("VERSION lists the versions, with or without a configuration, and answers in the version that it was asked in", () => {
    const supportedVersions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
    expect(run("VERSION", "")).toEqual({ exit: 0, cniVersion: "1.1.0", supportedVersions });
    expect(run("VERSION", { cniVersion: "0.4.0" })).toEqual({ exit: 0, cniVersion: "0.4.0", supportedVersions });
  });

  test.each([
    ["an unknown command", "ATTACH", CONFIG, 4, "PHAROS-5002"],
    ["no command", undefined, CONFIG, 4, "PHAROS-5002"],
    ["input that is not JSON", "ADD", "{", 6, "PHAROS-5001"],
    ["input that is a list", "ADD", "[]", 6, "PHAROS-5001"],
    ["a version of the future", "ADD", { ...CONFIG, cniVersion: "9.0.0" }, 1, "PHAROS-5003"],
    ["a configuration without version", "ADD", { name: "pods" }, 1, "PHAROS-5003"],
    ["CHECK in a version that has none", "CHECK", { ...CONFIG, cniVersion: "0.3.1" }, 1, "PHAROS-5003"],
    ["GC in a version that has none", "GC", { ...CONFIG, cniVersion: "1.0.0" }, 1, "PHAROS-5003"],
    ["ADD without a container", "ADD", CONFIG, 4, "PHAROS-2202"],
    ["ADD without a network name", "ADD", { ...CONFIG, name: "" }, 7, "PHAROS-2201"],
    ["GC without a list of what is valid", "GC", CONFIG, 7, "PHAROS-2201"],
    ["STATUS with damaged data", "STATUS", { ...CONFIG, pharos: { version: 7 } }, 50, "PHAROS-2203"],
  ])("answers %s with a CNI error", (_what, command, config, code, pharos) => {
    const answer = run(command, config);
    expect(answer).toMatchObject({ exit: 1, code, msg: expect.stringContaining(pharos), details: expect.stringContaining(pharos) });
    expect(typeof answer.cniVersion).toBe("string");
  });

  test("ADD of data that is damaged, or absent, fails before anything is touched", () => {
    const env = { CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0", CNI_NETNS: "/nowhere" };
    expect(run("ADD", { ...CONFIG, pharos: [] }, env)).toMatchObject({ exit: 1, code: 6 });
    expect(run("ADD", { ...CONFIG, pharos: undefined, dataFile: "/nowhere/cni.json" }, env)).toMatchObject({ exit: 1, code: 11 });
  });

  test("every error code of the packages in its reach has a CNI number, each code once", () => {
    const codes = KNOWN_CODES.map(([entry]) => entry.code);
    expect(new Set(codes).size).toBe(codes.length);
    const ranges = new Set(codes.map((code) => code.slice(0, "PHAROS-50".length)));
    expect([...ranges].sort()).toEqual(["PHAROS-20", "PHAROS-21", "PHAROS-22", "PHAROS-23", "PHAROS-50"]);
  });
});
