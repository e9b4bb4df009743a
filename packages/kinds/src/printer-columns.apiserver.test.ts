import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { LIVING_OBJECTS } from "../testing/living-objects.ts";

const FOLDER = new URL("../golden/", import.meta.url);
const KINDS = Object.keys(KIND_INFO) as readonly Kind[];

let api: ApiWithKinds;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  for (const { status, ...object } of LIVING_OBJECTS) {
    api.kubectl(["apply", "-f", "-"], JSON.stringify(object));
    if (status === undefined) continue;
    const { namespace, name } = object.metadata;
    const where = namespace === undefined ? [] : ["--namespace", namespace];
    const patch = JSON.stringify({ status });
    api.kubectl([
      "patch",
      `${KIND_INFO[object.kind].plural}.pharos.io`,
      name,
      ...where,
      "--subresource=status",
      "--type=merge",
      "-p",
      patch,
    ]);
  }
}, 60_000);

afterAll(async () => {
  await api?.stop();
});

/** Compares with the file, or writes it when UPDATE_GOLDEN is set. */
function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

/** The table with ages taken out, which are the only thing that changes. */
const table = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(/( {2,})(?:\d+[hms])+ *$/, "$1(age)").trimEnd())
    .join("\n");

describe("kubectl", () => {
  test("lists objects of each kind in columns that a person can read, one line each", () => {
    const listed = KINDS.map((kind) => {
      const lines = table(api.kubectl(["get", `${KIND_INFO[kind].plural}.pharos.io`, "--all-namespaces"]));
      expect(lines.trimEnd().split("\n")).toHaveLength(1 + LIVING_OBJECTS.filter((object) => object.kind === kind).length);
      return lines;
    });
    expectGolden("kubectl-get", listed.join("\n"));
  });

  test("has a value in each column of an object that is whole", () => {
    for (const kind of KINDS) {
      const [header = "", ...lines] = api
        .kubectl(["get", `${KIND_INFO[kind].plural}.pharos.io`, "--all-namespaces", "-o", "wide"])
        .trimEnd()
        .split("\n");
      const starts = [...header.matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index);
      const cells = (line: string) => starts.map((start, column) => line.slice(start, starts[column + 1]).trim());
      const empty = cells(header).filter((_, column) => lines.every((line) => ["", "<none>"].includes(cells(line)[column] ?? "")));
      expect({ kind, empty }).toEqual({ kind, empty: [] });
    }
  });

  test("finds all kinds by category and by short name", () => {
    const listed = api.kubectl(["get", "pharos", "--all-namespaces", "-o", "name"]);
    for (const kind of KINDS) expect(listed).toContain(`${KIND_INFO[kind].singular}.pharos.io/`);
    for (const short of ["pnode", "pbr", "prc", "psc", "psd", "prev", "phr", "ppn", "psr"]) {
      expect(api.kubectl(["get", short, "--all-namespaces", "-o", "name"])).toMatch(/^\w+\.pharos\.io\//);
    }
  });

  test("explains fields", () => {
    const fields = [
      "nodes",
      "nodes.spec.socs.vms.interfaces",
      "bridges.spec.bridges.ipam.ranges.subnet",
      "routingconfigs.spec.routingInfo.rules.action",
      "hostreports.status.revision",
    ];
    expectGolden(
      "kubectl-explain",
      fields
        .map(
          (field) =>
            `$ kubectl explain ${field} --api-version=pharos.io/v1\n${api.kubectl(["explain", field, "--api-version=pharos.io/v1"])}`,
        )
        .join("\n"),
    );
  });
});
