import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { EXAMPLE, REPOSITORY, runProgram } from "../../testing/run-program.ts";

const NODE = `apiVersion: v1
kind: node
metadata:
  name: a
spec:
  name: v
  defaultAktion: DROP
  socs:
    - name: soc1
      interfaces:
        - name: eth0
          type: static
          address: 10.1.0.999/24
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pharosctl-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

const put = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe("validate", () => {
  test("says how many documents are valid", async () => {
    expect(await runProgram(["validate", "-f", ...EXAMPLE])).toEqual({ code: 0, out: "3 documents are valid\n", err: "" });
  });

  test("takes a folder for the YAML files in it", async () => {
    expect((await runProgram(["validate", "-f", `${REPOSITORY}docs/examples/vehicle`])).out).toBe("3 documents are valid\n");
  });

  test("names file, line and field of each error, with advice, and ends with 3", async () => {
    const file = await put("bad.yaml", NODE);
    const { code, out } = await runProgram(["validate", "-f", file]);
    expect(code).toBe(3);
    expect(out.replaceAll(file, "FILE")).toBe(
      `FILE:7: ERROR PHAROS-1006 spec.defaultAktion: there is no field "defaultAktion" here
    did you mean defaultAction?
FILE:13: ERROR PHAROS-1009 spec.socs[0].interfaces[0].address: "10.1.0.999/24" does not have the form that is wanted here
    Address and prefix length (CIDR) of a static interface. Example: "192.168.1.10/24"
`,
    );
  });

  test("names file and line of an error between documents of different files", async () => {
    const routing = await put(
      "routing.yaml",
      `apiVersion: v1
kind: routingConfig
metadata:
  name: r
spec:
  routingInfo:
    - srcIntfName: podBr0
      dstIntfName: nowhere
      rules: [{ action: ACCEPT, protocol: all }]
`,
    );
    const { code, out } = await runProgram(["validate", "-f", ...EXAMPLE.slice(0, 2), routing]);
    expect(code).toBe(3);
    expect(out).toContain(`${routing}:8: ERROR`);
    expect(out).toContain("nowhere");
  });

  test("gives the findings as JSON and as YAML", async () => {
    const file = await put("bad.yaml", NODE);
    const json = JSON.parse((await runProgram(["validate", "-f", file, "-o", "json"])).out);
    expect(json).toMatchObject([
      { severity: "ERROR", path: "spec.defaultAktion", source: { file, line: 7 } },
      { severity: "ERROR", path: "spec.socs[0].interfaces[0].address" },
    ]);
    expect(parse((await runProgram(["validate", "-f", file, "-o", "yaml"])).out)).toEqual(json);
  });

  test("a file that is no YAML is a finding with its line", async () => {
    const file = await put("broken.yaml", 'kind: node\nspec: "never closed\n');
    const { code, out } = await runProgram(["validate", "-f", file]);
    expect(code).toBe(3);
    expect(out).toMatch(new RegExp(`^${file}:\\d+: ERROR PHAROS-10`));
  });

  test("a file that is not there is a failure, not a finding", async () => {
    const { code, err } = await runProgram(["validate", "-f", join(folder, "none.yaml")]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("PHAROS-7002") });
  });
});

describe("plan", () => {
  test("is what the host's kernel would get", async () => {
    const { code, out } = await runProgram(["plan", "-f", ...EXAMPLE, "--host", "soc2"]);
    expect(code).toBe(0);
    // The firewall has goldens of its own in the compiler.
    const rest = out.replaceAll(/^firewall\n(?: .*\n)*/gm, "");
    expect(rest).toMatchInlineSnapshot(`
"# soc2
links
  physical eth0
sysctls
  net/ipv4/conf/eth0/promote_secondaries = 1
addresses
  10.1.0.3/24 on eth0
routes
  10.2.0.0/24 via 10.1.0.2 on eth0
  10.2.1.0/24 via 10.1.0.2 on eth0
  172.16.1.0/24 via 10.1.0.2 on eth0
"
`);
  });

  test("has every host with an agent", async () => {
    const { out } = await runProgram(["plan", "-f", ...EXAMPLE, "-o", "json"]);
    expect(JSON.parse(out).map(({ host }: { host: string }) => host)).toEqual(["soc1", "vm1", "vm2", "soc2"]);
  });

  test("refuses a host that is not in the documents, and names those that are", async () => {
    const { code, err } = await runProgram(["plan", "-f", ...EXAMPLE, "--host", "vm9"]);
    expect(code).toBe(2);
    expect(err).toContain("--host vm9: the documents have soc1, vm1, vm2, soc2");
  });

  test("plans nothing from documents with errors", async () => {
    const file = await put("bad.yaml", NODE);
    expect(await runProgram(["plan", "-f", file])).toMatchObject({ code: 3, out: "", err: expect.stringContaining(`${file}:7: ERROR`) });
  });
});

describe("convert", () => {
  const values = (text: string) => parseAllDocuments(text).map((document) => document.toJS());

  test("there and back again gives the same documents", async () => {
    const kubectl = await runProgram(["convert", "-f", ...EXAMPLE, "--to", "kubectl"]);
    expect(values(kubectl.out)).toMatchObject([
      { apiVersion: "pharos.io/v1", kind: "Node" },
      { apiVersion: "pharos.io/v1", kind: "Bridge" },
      { apiVersion: "pharos.io/v1", kind: "RoutingConfig" },
    ]);
    const specification = await runProgram(["convert", "-f", await put("kubectl.yaml", kubectl.out), "--to", "specification"]);
    expect(values(specification.out)).toMatchObject([{ apiVersion: "v1", kind: "node" }, { kind: "bridge" }, { kind: "routingConfig" }]);
    const again = await runProgram(["convert", "-f", await put("specification.yaml", specification.out)]);
    expect(again.out).toBe(kubectl.out);
  });

  test("writes nothing when the documents have errors", async () => {
    const file = await put("bad.yaml", NODE);
    expect(await runProgram(["convert", "-f", file])).toMatchObject({ code: 3, out: "" });
  });
});
