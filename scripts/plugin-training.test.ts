import { Script } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { PLUGIN_BUNDLE } from "./plugin-executable.ts";
import { train } from "./plugin-training.ts";

describe("training of the plugin's code cache", () => {
  test("goes through ADD, its repetition and DEL to their ends", async () => {
    const { outputFiles } = await build({ ...PLUGIN_BUNDLE, write: false });
    const program = new Script(`(function (require, process) {${outputFiles[0]?.text}\n})`).runInThisContext();
    const [version = "", status, ...rest] = train(program);
    expect(JSON.parse(version)).toHaveProperty("supportedVersions");
    expect(status).toBe("");
    const adds = rest.slice(0, 4).map((text) => JSON.parse(text));
    expect(adds.map(({ msg, details }) => msg ?? details)).toEqual([undefined, undefined, undefined, undefined]);
    expect(adds.map(({ ips }) => ips[0].address)).toEqual(["10.0.0.2/16", "10.0.0.3/16", "10.0.0.3/16", "10.0.0.4/16"]);
    expect(rest.slice(4)).toEqual(["", "", ""]);
  }, 30_000);
});
