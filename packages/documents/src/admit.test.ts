import { describe, expect, test } from "@jest/globals";
import { admitObject } from "./admit.ts";

const REVISION = {
  apiVersion: "pharos.io/v1",
  kind: "ConfigRevision",
  metadata: { name: "r-7" },
  spec: { epoch: "e", number: 7, hash: "h", content: "H4s=" },
};

describe("admitObject", () => {
  test("does not change what it is given", () => {
    const object = { apiVersion: "v1", kind: "node", metadata: { name: "a" }, spec: { name: "v", socs: [{ name: "soc1" }] } };
    const copy = structuredClone(object);
    const { value } = admitObject(object);
    expect(object).toEqual(copy);
    expect(value).toMatchObject({ apiVersion: "pharos.io/v1", kind: "Node", spec: { defaultAction: "DROP", socs: [{ managed: true }] } });
  });

  test("keeps a default from a field that is given as false", () => {
    const { value } = admitObject({
      apiVersion: "v1",
      kind: "node",
      metadata: { name: "a" },
      spec: { name: "v", socs: [{ name: "soc1", managed: false }] },
    });
    expect(value).toMatchObject({ spec: { socs: [{ managed: false }] } });
  });

  test("refuses a revision that changes, and takes one that stays", () => {
    expect(admitObject(REVISION, REVISION).findings).toEqual([]);
    const changed = { ...REVISION, spec: { ...REVISION.spec, number: 8 } };
    expect(admitObject(changed, REVISION).findings.map(({ code, path, description }) => [code, path, description])).toEqual([
      ["PHAROS-1010", "spec", "a revision never changes"],
    ]);
    expect(admitObject(changed).findings).toEqual([]);
  });

  test("checks status as well as spec", () => {
    const report = {
      apiVersion: "pharos.io/v1",
      kind: "HostReport",
      metadata: { name: "soc1" },
      spec: { host: "soc1" },
      status: { state: "Fine" },
    };
    expect(admitObject(report).findings.map(({ path, source }) => [path, source?.document])).toEqual([["status.state", "HostReport/soc1"]]);
  });

  test("takes the metadata that an API server sends", () => {
    const metadata = {
      name: "r-7",
      uid: "u",
      resourceVersion: "4",
      generation: 1,
      managedFields: [{}],
      ownerReferences: [],
      finalizers: ["x/y"],
    };
    expect(admitObject({ ...REVISION, metadata }).findings).toEqual([]);
  });

  test.each([undefined, null, 7, "text", [], () => 1])("answers %p with a finding", (object) => {
    expect(admitObject(object).findings.map(({ code }) => code)).toEqual(["PHAROS-1008"]);
  });

  test("does not take the specification's apiVersion for a kind that it does not have", () => {
    expect(admitObject({ ...REVISION, apiVersion: "v1" }).findings.map(({ path }) => path)).toEqual(["apiVersion"]);
  });
});
