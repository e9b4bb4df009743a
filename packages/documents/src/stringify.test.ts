import { describe, expect, test } from "@jest/globals";
import { type FieldSchema, KIND_INFO, type Kind, type KindMap } from "@pharos/kinds";
import { CEL_RULES, SCHEMAS } from "@pharos/kinds/schemas";
import fc from "fast-check";
import { admitObject } from "./admit.ts";
import { parseDocuments } from "./parse-documents.ts";
import { stringifyDocuments, toSpecificationSpelling } from "./stringify.ts";

const KINDS = Object.keys(KIND_INFO) as readonly Kind[];

/** Text that YAML readers like to take for something else. */
const TRICKY = [
  "yes",
  "null",
  "~",
  "1:30",
  "0x1f",
  "1e3",
  "- a",
  "a: b",
  "#c",
  " lead",
  "trail ",
  "multi\nline\n",
  "&a",
  "*a",
  "!t",
  "'",
  '"',
  "\u00e9\u{1f697}",
  "2026-01-02",
];

function stringOf({ enum: listed, pattern, minLength = 0, maxLength = 40 }: FieldSchema): fc.Arbitrary<string> {
  if (listed !== undefined) return fc.constantFrom(...listed);
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
  const fits = TRICKY.filter((text) => text.length >= minLength && text.length <= maxLength);
  return fc.oneof(fc.constantFrom("x", ...fits), fc.string({ minLength, maxLength: Math.min(maxLength, 12) }));
}

function valueOfSchema(schema: FieldSchema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "string":
      return stringOf(schema);
    case "integer":
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1_000_000 });
    case "boolean":
      return fc.boolean();
    case "array": {
      const keys = schema["x-kubernetes-list-map-keys"];
      const identity = (item: unknown) =>
        JSON.stringify(keys === undefined ? item : keys.map((key) => (item as Record<string, unknown>)[key]));
      const items = schema.items === undefined ? fc.constant("") : valueOfSchema(schema.items);
      return fc.uniqueArray(items, { minLength: schema.minItems ?? 0, maxLength: (schema.minItems ?? 0) + 2, selector: identity });
    }
    case "object":
      if (schema.additionalProperties !== undefined)
        return fc.dictionary(fc.constantFrom("a", "a/b", "1", "yes"), valueOfSchema(schema.additionalProperties), { maxKeys: 2 });
      return recordOf(schema);
  }
}

function recordOf({ properties = {}, required = [] }: FieldSchema): fc.Arbitrary<object> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, valueOfSchema(field)]));
  return fc.record(fields, { requiredKeys: [...required] });
}

/** Objects of a kind that the schema allows; CEL rules are kept by dropping what breaks them. */
function objectOf(kind: Kind): fc.Arbitrary<KindMap[Kind]> {
  const spec = SCHEMAS[kind].properties?.spec;
  const names = {
    name: fc.constantFrom("a", "vehicle-1", "x.y"),
    ...(KIND_INFO[kind].namespaced ? { namespace: fc.constantFrom("default", "other") } : {}),
  };
  const labels = fc.dictionary(fc.constantFrom("app", "pharos.io/x"), fc.constantFrom("yes", "1", "a b"), { maxKeys: 2 });
  return fc
    .record({
      apiVersion: fc.constant("pharos.io/v1"),
      kind: fc.constant(kind),
      metadata: fc.record({ ...names, labels }),
      spec: spec === undefined ? fc.constant({}) : valueOfSchema(spec),
    })
    .map((object) => admitObject(object))
    .filter(({ findings }) => findings.length === 0)
    .map(({ value }) => value);
}

/** Kinds whose random objects seldom keep all rules get examples of their own, so that the filter does not starve. */
const STRICT = KINDS.filter((kind) => CEL_RULES[kind].some(({ rule }) => !rule.includes("oldSelf")));

const SAMPLES: readonly object[] = [
  {
    apiVersion: "v1",
    kind: "node",
    metadata: { name: "vehicle", annotations: { note: "yes" } },
    spec: {
      name: "yes",
      enforcement: "audit",
      socs: [
        { name: "soc1", managed: false },
        {
          name: "soc2",
          interfaces: [{ name: "eth0", type: "dhcp", uplink: true }],
          vms: [
            {
              name: "vm1",
              interfaces: [{ name: "eth0", address: "fd00::1/64", gateway: "fd00::2", dns: { nameservers: ["8.8.8.8"] }, mtu: 1400 }],
            },
          ],
        },
      ],
      cloud: [{ name: "cloud_vm1", interfaces: [{ name: "awsEth0", address: "172.16.1.2/24" }] }],
    },
  },
  {
    apiVersion: "v1",
    kind: "bridge",
    metadata: { name: "bridges" },
    spec: {
      bridges: [
        { name: "podBr0", bridgeFor: "pod", default: true, ipMasq: true, ipam: { ranges: [{ subnet: "10.2.1.0/24", exclude: [] }] } },
        { name: "vmBr0", bridgeFor: "vm" },
      ],
    },
  },
];

describe("stringifyDocuments", () => {
  test.each(KINDS.filter((kind) => !STRICT.includes(kind) || kind === "RoutingConfig"))(
    "is undone by parseDocuments for any %s",
    (kind) => {
      fc.assert(
        fc.property(objectOf(kind), (object) => {
          expect(parseDocuments(stringifyDocuments([object], "kubectl"))).toMatchObject({ documents: [{ object }], findings: [] });
          if (KIND_INFO[kind].specificationKind === undefined) return;
          expect(parseDocuments(stringifyDocuments([object], "specification"))).toMatchObject({ documents: [{ object }], findings: [] });
        }),
        { numRuns: 30 },
      );
    },
  );

  test.each(["kubectl", "specification"] as const)("is undone by parseDocuments for a vehicle in %s's spelling", (spelling) => {
    const objects = SAMPLES.map((sample) => admitObject(sample));
    expect(objects.flatMap(({ findings }) => findings)).toEqual([]);
    const text = stringifyDocuments(
      objects.map(({ value }) => value),
      spelling,
    );
    const { documents, findings } = parseDocuments(text);
    expect(findings).toEqual([]);
    expect(documents.map(({ object }) => object)).toEqual(objects.map(({ value }) => value));
  });

  test("writes what a person would: no defaults, no status, no namespace default", () => {
    const { value } = admitObject({
      apiVersion: "pharos.io/v1",
      kind: "ServiceDeployment",
      metadata: { name: "vehicle-services" },
      spec: { services: [{ name: "yes", node: "vm1", protocol: "grpc", ports: [50051] }] },
      status: { conditions: [] },
    });
    expect(stringifyDocuments([value], "specification")).toBe(`apiVersion: v1
kind: serviceDeployment
metadata:
  name: vehicle-services
spec:
  services:
    - name: "yes"
      node: vm1
      protocol: grpc
      ports:
        - 50051
`);
  });

  test("refuses the specification's spelling for a kind that it does not have", () => {
    const { value } = admitObject({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: "soc1" }, spec: { host: "soc1" } });
    expect(() => toSpecificationSpelling(value)).toThrow("the specification has no kind HostReport");
  });
});
