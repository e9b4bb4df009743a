import { createHash } from "node:crypto";

/** One part of what is delivered. */
export interface Part {
  readonly type: "library" | "application";
  readonly name: string;
  readonly version: string;
  /** Package URL: says where the part comes from, and tells it from all others. */
  readonly purl: string;
  /** SPDX identifier or expression; absent where its origin keeps it elsewhere. */
  readonly license?: string;
  readonly sha512?: string;
  /** Artefacts and files that hold it. */
  readonly in: readonly string[];
}

/** A bill of materials in the form of CycloneDX 1.6 (ECMA-424). */
export interface Bom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  /** urn:uuid of the content: equal content has an equal number. */
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

export interface Component {
  readonly type: "library" | "application" | "container";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly [{ readonly license: { readonly id: string } } | { readonly expression: string }];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** The bill of materials of our image; no clock and no randomness, so that equal parts give an equal text. */
export function cycloneDx(version: string, parts: readonly Part[]): Bom {
  const components = mergedByPurl(parts).map(componentOf);
  const component: Component = {
    type: "container",
    "bom-ref": "pharos",
    name: "pharos",
    version,
    licenses: [{ license: { id: "Apache-2.0" } }],
  };
  const refs = components.map((each) => each["bom-ref"]);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([component, components]))}`,
    version: 1,
    metadata: { component },
    components,
    dependencies: [{ ref: "pharos", dependsOn: refs }, ...refs.map((ref) => ({ ref }))],
  };
}

/** Sorted; a part that lies in several folders is one component. */
function mergedByPurl(parts: readonly Part[]): readonly Part[] {
  const groups = [...Map.groupBy(parts, ({ purl }) => purl).values()];
  const merged = groups.flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, in: [...new Set(group.flatMap((part) => part.in))] }];
  });
  return merged.sort((a, b) => (a.purl < b.purl ? -1 : 1));
}

function componentOf({ type, name, version, purl, license, sha512, in: holders }: Part): Component {
  return {
    type,
    "bom-ref": purl,
    name,
    version,
    ...(license === undefined
      ? {}
      : { licenses: [isExpression(license) ? { expression: license } : { license: { id: license } }] as const }),
    ...(sha512 === undefined ? {} : { hashes: [{ alg: "SHA-512", content: sha512 }] as const }),
    purl,
    properties: [...holders].sort().map((value) => ({ name: "pharos:in", value })),
  };
}

function isExpression(license: string): boolean {
  return /[ ()]/.test(license);
}

/** A UUID of version 8 (RFC 9562): its bits are of a hash. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
