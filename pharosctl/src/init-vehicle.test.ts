import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { layOut } from "@pharos/lab";
import { runProgram } from "../testing/run-program.ts";
import { readVehicleFiles, requireVehicle } from "./vehicle-files.ts";

const silent = { out: () => {}, err: () => {}, confirm: async () => false };

describe("init", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pharosctl-init-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const written = async (socs: number, vms: number): Promise<string> => {
    const out = join(folder, `${socs}-${vms}.yaml`);
    const { code, err } = await runProgram(["init", "--soc", `${socs}`, "--vm", `${vms}`, "--out", out]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return out;
  };

  test.each([
    [1, 0],
    [1, 1],
    [1, 32],
    [2, 3],
    [3, 1],
    [5, 64],
    [16, 0],
    [16, 5],
    [16, 64],
  ])("%i SoCs with %i VMs are valid without findings, and the lab has a wire for every interface", async (socs, vms) => {
    const read = await readVehicleFiles([await written(socs, vms)]);
    expect(read.findings).toEqual([]);
    const layout = layOut(requireVehicle(read, silent), "t");
    expect(layout.agents).toHaveLength(socs + vms);
    expect(layout.wires).toHaveLength(socs + vms);
    const ends = layout.wires.flatMap(({ a, b }) => [`${a.namespace} ${a.name}`, `${b.namespace} ${b.name}`]);
    expect(new Set(ends).size).toBe(ends.length);
  });

  test("the rule it writes accepts what its comment says", async () => {
    const file = await written(2, 2);
    expect(await readFile(file, "utf8")).toContain("# Pods on vm1 may reach podBr1 on TCP 50000");
    expect((await runProgram(["explain", "-f", file, "podBr0", "podBr1", "tcp/50000"])).code).toBe(0);
    expect((await runProgram(["explain", "-f", file, "podBr0", "podBr1", "tcp/50001"])).code).toBe(4);
  });

  test("names the schema that it puts beside the vehicle", async () => {
    const [first] = (await readFile(await written(4, 4), "utf8")).split("\n");
    const schema = first?.replace("# yaml-language-server: $schema=", "") ?? "";
    expect(JSON.parse(await readFile(join(folder, schema), "utf8"))).toHaveProperty("$schema");
  });

  test("replaces a file only with --force", async () => {
    const out = join(folder, "mine.yaml");
    await writeFile(out, "mine\n");
    const refused = await runProgram(["init", "--out", out]);
    expect(refused).toEqual({ code: 1, out: "", err: expect.stringContaining("PHAROS-7003") });
    expect(await readFile(out, "utf8")).toBe("mine\n");
    expect((await runProgram(["init", "--out", out, "--force"])).code).toBe(0);
    expect(await readFile(out, "utf8")).not.toContain("mine");
  });

  test.each([
    ["--soc", "0"],
    ["--soc", "17"],
    ["--vm", "33"],
    ["--vm", "-1"],
    ["--soc", "two"],
    ["--name", "Vehicle"],
    ["--name", "../x"],
  ])("refuses %s %s as wrong usage", async (option, value) => {
    const { code } = await runProgram(["init", option, value, "--out", join(folder, "never.yaml")]);
    expect(code).toBe(2);
    await expect(readFile(join(folder, "never.yaml"))).rejects.toThrow("ENOENT");
  });
});
