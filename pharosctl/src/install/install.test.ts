import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { install } from "./install.ts";
import { agentUnit, standaloneUnit } from "./systemd-units.ts";

const UNITS = {
  host: "vm1",
  store: "10.0.0.1:9092",
  agentArguments: ["--kubernetes", "--kubeconfig=/etc/pharos/kubeconfig"],
  standaloneArguments: ["--listen", "0.0.0.0:9091", "--callback", "pullpiri=[::1]:47001"],
};

describe("pharosctl install", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-install-"));
    for (const [path, text] of [
      ["dist/pharos.mjs", "console.log('first')"],
      ["dist/pharos-part-ABC.mjs", "part"],
      ["dist/pharos.mjs.map", "map"],
      ["native/prebuilds/x.node", "native"],
      ["plugin", "plugin"],
    ] as const) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const root = () => join(folder, "root");
  const installVersion = (version: string) =>
    install(
      {
        root: root(),
        version,
        programs: {
          dist: join(folder, "dist"),
          node: process.execPath,
          packages: { native: join(folder, "native") },
          plugin: join(folder, "plugin"),
        },
        units: [agentUnit(UNITS), standaloneUnit(UNITS)],
        start: false,
      },
      () => {},
    );

  test("the installed program runs with the installed Node", async () => {
    await installVersion("1.0.0");
    const current = join(root(), "opt/pharos/current");
    expect(execFileSync(join(current, "node"), [join(current, "pharos.mjs")], { encoding: "utf8" })).toBe("first\n");
    expect(readdirSync(current).sort()).toEqual(["node", "node_modules", "pharos-part-ABC.mjs", "pharos.mjs"]);
    expect(statSync(join(root(), "opt/cni/bin/pharos-cni")).mode & 0o777).toBe(0o755);
  });

  test("another version becomes current, and the one before stays to go back to", async () => {
    await installVersion("1.0.0");
    writeFileSync(join(folder, "dist/pharos.mjs"), "console.log('second')");
    await installVersion("1.1.0");
    expect(readlinkSync(join(root(), "opt/pharos/current"))).toBe("1.1.0");
    expect(readdirSync(join(root(), "opt/pharos")).sort()).toEqual(["1.0.0", "1.1.0", "current"]);
  });

  test("what cannot be written is told, and what ran before is still there", async () => {
    await installVersion("1.0.0");
    rmSync(join(folder, "plugin"));
    await expect(installVersion("1.0.0")).rejects.toMatchObject({ code: "PHAROS-7040", message: expect.stringContaining("pharos-cni") });
    expect(readFileSync(join(root(), "opt/cni/bin/pharos-cni"), "utf8")).toBe("plugin");
  });
});

describe("systemd units", () => {
  test("the agent's and the control plane's", () => {
    expect([agentUnit(UNITS), standaloneUnit(UNITS)].map(({ name, text }) => `${name}\n${text}`).join("\n")).toMatchSnapshot();
  });

  test("an argument reaches the program as it was given", () => {
    const { text } = standaloneUnit({ ...UNITS, standaloneArguments: ['a b"c', "50%", "$HOME"] });
    expect(text).toContain('standalone "a b\\"c" 50%% $$HOME\n');
  });
});
