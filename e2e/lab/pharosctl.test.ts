import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LAB_ROOT, REPOSITORY } from "../vehicle-lab.ts";
import { type ExampleLab, exampleLab, routingConfig } from "./example-lab.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built pharosctl without a terminal. */
function pharosctl(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(REPOSITORY, "dist/pharosctl.mjs"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PHAROS_LAB_ROOT: LAB_ROOT },
  });
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, ...output }));
  });
}

let example: ExampleLab;
let server: readonly string[];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pharosctl-e2e-"));
  example = await exampleLab("ctl");
  server = ["--server", `unix:${example.lab.options.folders.socket}`];
});
afterAll(async () => {
  await example?.lab.down();
  await rm(folder, { recursive: true, force: true });
});

describe("status", () => {
  test("shows every machine, bridge and pod with its address", async () => {
    const { code, out } = await pharosctl("status", ...server);
    expect(code).toBe(0);
    const [header = "", ...rows] = out.trimEnd().replaceAll(/ {2,}/g, "  ").split("\n");
    expect([header, ...rows.filter((row) => !row.includes("  request  ")).sort()].join("\n")).toMatchInlineSnapshot(`
"NAME  TYPE  STATUS  ADDRESS  CONNECTED TO
control-pod  pod  up  10.2.1.7  podBr0, vm1
perception-pod  pod  up  10.2.1.5  podBr0, vm1
podBr0  bridge  up  10.2.1.1  vm1
soc1  soc  up  10.1.0.2  vm1, vm2
soc2  soc  up  10.1.0.3
vm1  vm  up  10.2.0.10  soc1
vm2  vm  up  10.2.0.11  soc1
vmBr0  bridge  up  10.2.0.1  soc1"
`);
  });

  test("gives one component as JSON", async () => {
    const { out } = await pharosctl("status", "perception-pod", "-o", "json", "--lab", "ctl");
    expect(JSON.parse(out)).toMatchObject([{ name: "perception-pod", type: "pod", status: "up", ipAddress: "10.2.1.5" }]);
  });

  test("ends with 5 when nobody answers at the address", async () => {
    const { code, out, err } = await pharosctl("status", "--server", `unix:${folder}/none.sock`);
    expect({ code, out }).toEqual({ code: 5, out: "" });
    expect(err).toContain("PHAROS-7004");
  });
});

describe("explain without files", () => {
  test("names the rule that the running vehicle has", async () => {
    const { code, out } = await pharosctl("explain", "vm1Eth0", "cloud_vm1", "tcp/50000", ...server);
    expect(code).toBe(0);
    expect(out).toContain("rule    vm1Eth0 -> cloud_vm1: ACCEPT tcp dstPort 50000");
    expect(out).toContain("RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0]");
  });

  test("knows the pods that run, and ends with 4 for what is dropped", async () => {
    const { code, out } = await pharosctl("explain", "perception-pod", "vm2", "tcp/50000", ...server);
    expect(code).toBe(4);
    expect(out).toContain("(10.2.1.5 → 10.2.0.11)");
    expect(out).toContain("because default deny of Node/vehicle-network-node on vm1 (forward)");
  });
});

describe("apply", () => {
  const change = async (port: number): Promise<string> => {
    const file = join(folder, `change-${port}.yaml`);
    await writeFile(file, routingConfig("more", "vm2", "soc2", [`{ action: ACCEPT, protocol: tcp, dstPort: ${port} }`]));
    return file;
  };
  const firewall = (host: string) => example.lab.exec(host, ["nft", "--stateless", "list", "table", "inet", "pharos"]);

  test("shows what would change in each kernel, and changes nothing when nobody says yes", async () => {
    const before = await firewall("soc1");
    const { code, out, err } = await pharosctl("apply", "-f", await change(20001), ...server);
    expect(code).toBe(6);
    expect(out).toMatch(/^# soc1\n/m);
    expect(out).toContain("tcp dport 20001 accept");
    expect(err).toContain("nothing was changed");
    expect(await firewall("soc1")).toBe(before);
    expect((await pharosctl("explain", "vm2", "soc2", "tcp/20001", ...server)).code).toBe(4);
  });

  test("with --yes the change is in the kernels when it ends", async () => {
    const { code, out } = await pharosctl("apply", "--yes", "-f", await change(20002), ...server);
    expect(code).toBe(0);
    expect(out).toMatch(/^applied as [0-9a-f-]+\/\d+/m);
    expect(await firewall("soc1")).toContain("tcp dport 20002 accept");
    expect((await pharosctl("explain", "vm2", "soc2", "tcp/20002", ...server)).code).toBe(0);
  });

  test("shows no kernel when the documents say what is there already", async () => {
    const { code, out } = await pharosctl("apply", "-f", await change(20002), ...server);
    expect({ code, out }).toEqual({ code: 6, out: "no kernel would change\n" });
  });

  test("sends nothing when the documents have errors", async () => {
    const before = await firewall("soc1");
    const file = join(folder, "bad.yaml");
    await writeFile(file, routingConfig("more", "vm2", "nowhere", ["{ action: ACCEPT, protocol: all }"]));
    const { code, err } = await pharosctl("apply", "--yes", "-f", file, ...server);
    expect(code).toBe(3);
    expect(err).toContain(`${file}:8: ERROR`);
    expect(await firewall("soc1")).toBe(before);
  });
});

describe("lab", () => {
  const lab = (command: string, ...args: readonly string[]) => pharosctl("lab", command, "--name", "ctl", ...args);
  const pods = async (): Promise<readonly string[]> => {
    const labs = JSON.parse((await pharosctl("lab", "status", "-o", "json")).out) as readonly {
      name: string;
      pods: readonly { name: string }[];
    }[];
    return labs.find(({ name }) => name === "ctl")?.pods.map(({ name }) => name) ?? [];
  };

  test("attach gives a pod an address, and detach frees it for another", async () => {
    const first = await lab("attach", "camera", "--host", "vm1", "--ip", "10.2.1.77");
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(first.out).ips).toMatchObject([{ address: "10.2.1.77/24" }]);
    expect((await lab("exec", "camera", "--", "ping", "-c1", "-W2", "10.2.1.5")).code).toBe(0);

    const second = await lab("attach", "lidar", "--host", "vm1", "--ip", "10.2.1.77");
    expect(second.code).toBe(1);
    expect(second.err).toContain("10.2.1.77");
    expect(await pods()).toEqual(["perception-pod", "control-pod", "camera"]);

    expect((await lab("detach", "camera")).code).toBe(0);
    const third = await lab("attach", "lidar", "--host", "vm1", "--ip", "10.2.1.77");
    expect(third.code).toBe(0);
    expect(await pods()).toEqual(["perception-pod", "control-pod", "lidar"]);
    expect((await lab("detach", "lidar")).code).toBe(0);
  });

  test("exec ends with the exit code of the command", async () => {
    expect((await lab("exec", "vm1", "--", "sh", "-c", "exit 7")).code).toBe(7);
    expect((await lab("exec", "nowhere", "--", "true")).err).toContain("PHAROS-7103");
  });

  test("a second lab of the same name is refused, and the first goes on", async () => {
    const { code, err } = await lab("up", "-f", join(REPOSITORY, "docs/examples/vehicle"));
    expect(code).toBe(1);
    expect(err).toContain("PHAROS-7101");
    expect((await pharosctl("status", "soc1", ...server)).code).toBe(0);
  });
});
