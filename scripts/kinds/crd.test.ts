import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { readKinds, type Schema } from "./crd.ts";
import { rootSchema, rulesOf } from "./modules.ts";

const KINDS = readKinds(join(import.meta.dirname, "../../crds"));

interface Placed {
  readonly path: string;
  readonly schema: Schema;
}

function schemasOf(schema: Schema, path: string): readonly Placed[] {
  return [
    { path, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => schemasOf(field, path === "" ? name : `${path}.${name}`)),
    ...(schema.items === undefined ? [] : schemasOf(schema.items, `${path}[]`)),
  ];
}

const all = (each: (placed: Placed, every: readonly Placed[]) => boolean): readonly string[] =>
  KINDS.flatMap((kind) => {
    const every = [...schemasOf(kind.spec, "spec"), ...schemasOf(kind.status, "status")];
    return every.filter((placed) => !each(placed, every)).map(({ path }) => `${kind.kind} ${path}`);
  });

describe("the CRDs keep what an API server asks of them", () => {
  test("keys of list maps are required or have a default", () => {
    const bad = all(({ schema }) =>
      (schema["x-kubernetes-list-map-keys"] ?? []).every(
        (key) => schema.items?.required?.includes(key) === true || schema.items?.properties?.[key]?.default !== undefined,
      ),
    );
    expect(bad).toEqual([]);
  });

  test("strings are bounded, so that the cost of rules can be estimated", () => {
    expect(all(({ schema }) => schema.type !== "string" || schema.enum !== undefined || schema.maxLength !== undefined)).toEqual([]);
  });

  test("examples and defaults are valid themselves", () => {
    const ajv = new Ajv({ strict: false, logger: false });
    const bad = all(({ schema }) => {
      const valid = ajv.compile(schema);
      return [schema.example, schema.default].every((value) => value === undefined || valid(value));
    });
    expect(bad).toEqual([]);
  });

  test("leaf fields show an example, unless they hold a whole text", () => {
    const bad = all(
      ({ path, schema }) =>
        schema.type === "object" || path.endsWith("[]") || schema.items?.type === "object" || schema.example !== undefined,
    );
    expect(bad).toEqual(["ConfigRevision spec.content", "PodNetwork spec.request.networkYaml", "PodNetwork spec.request.nodeYaml"]);
  });

  test("the field that a rule blames exists", () => {
    const bad = KINDS.flatMap((kind) => {
      const paths = new Set(schemasOf(rootSchema(kind), "").map(({ path }) => path));
      return rulesOf(rootSchema(kind), "").filter(({ path, fieldPath }) => !paths.has(`${path}${fieldPath ?? ""}`));
    });
    expect(bad).toEqual([]);
  });

  test("every kind has conditions of one shape", () => {
    const shapes = new Set(KINDS.map(({ status }) => JSON.stringify(Object.keys(status.properties?.conditions?.items?.properties ?? {}))));
    expect([...shapes]).toEqual(['["type","status","reason","message","observedGeneration","lastTransitionTime"]']);
  });
});
