import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type LogFields, silentLog } from "@pharos/base";
import { readSeed } from "./seed.ts";

const SEED = `apiVersion: v1
kind: node
metadata:
  name: car
spec:
  name: car
  socs:
    - name: soc1
      interfaces:
        - name: eth0
          type: static
          address: 10.1.0.2/24
`;

describe("readSeed", () => {
  let folder: string;
  let errors: { message: string; fields: LogFields }[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-seed-"));
    errors = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const seedOf = (text: string) => {
    writeFileSync(join(folder, "seed.yaml"), text);
    return read();
  };
  const read = () =>
    readSeed(join(folder, "seed.yaml"), { ...silentLog, error: (message, fields = {}) => void errors.push({ message, fields }) });

  test("makes revision 0 of the documents in the file", async () => {
    const seed = await seedOf(SEED);
    expect(seed).toMatchObject({ epoch: "seed", number: 0 });
    expect(seed?.content.documents.nodes.map(({ metadata }) => metadata.name)).toEqual(["car"]);
    expect(errors).toEqual([]);
  });

  test("gives equal files equal hashes, and others another", async () => {
    const hash = async (text: string) => (await seedOf(text))?.hash;
    expect(await hash(SEED)).toBe(await hash(`# the same\n${SEED}`));
    expect(await hash(SEED)).not.toBe(await hash(SEED.replace("10.1.0.2", "10.1.0.3")));
  });

  test("has no revision without a file, and that is no error", async () => {
    expect(await read()).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test.each([
    ["a field of the wrong type", SEED.replace("10.1.0.2/24", "[7]"), "spec.socs[0].interfaces[0].address"],
    ["an unknown field", SEED.replace("type: static", "typ: static"), "spec.socs[0].interfaces[0].typ"],
    ["no YAML at all", "kind: node\n  spec: [", ""],
  ])("says line and field of %s, and has no revision", async (_, text, field) => {
    expect(await seedOf(text)).toBeUndefined();
    expect(errors[0]?.message).toContain("PHAROS-4006");
    expect(errors.map(({ fields }) => fields.field)).toContain(field);
    expect(errors[0]?.fields.line).toBeGreaterThan(0);
  });
});
