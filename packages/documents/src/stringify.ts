import { PharosError } from "@pharos/base";
import { KIND_INFO, type Kind, type KindMap } from "@pharos/kinds";
import { SCHEMAS } from "@pharos/kinds/schemas";
import { stringify } from "yaml";
import { SPELLING_MISSING } from "./codes.ts";
import { withoutDefaults } from "./defaults.ts";
import { SPECIFICATION_API_VERSION } from "./kind-of.ts";

export type Spelling = "kubectl" | "specification";

/** A document in the specification's spelling. */
export interface SpecificationDocument {
  readonly apiVersion: "v1";
  /** `node`, `bridge`, `routingConfig`, `securityConfig` or `serviceDeployment`. */
  readonly kind: string;
  readonly metadata: object;
  readonly spec: object;
}

/**
 * The object in the specification's spelling, without status and without namespace `default`.
 * Throws SPELLING_MISSING for a kind that the specification does not have.
 */
export function toSpecificationSpelling(object: KindMap[Kind]): SpecificationDocument {
  const { specificationKind } = KIND_INFO[object.kind];
  if (specificationKind === undefined) throw new PharosError(SPELLING_MISSING, `the specification has no kind ${object.kind}`);
  const { namespace, ...rest } = object.metadata;
  const metadata = namespace === undefined || namespace === "default" ? rest : object.metadata;
  return { apiVersion: SPECIFICATION_API_VERSION, kind: specificationKind, metadata, spec: object.spec };
}

/**
 * The objects as a YAML stream that `parseDocuments` and kubectl read back to the same objects. Fields that say only
 * what their default says are left out, and so is status. Throws as `toSpecificationSpelling` does.
 */
export function stringifyDocuments(objects: readonly KindMap[Kind][], spelling: Spelling): string {
  return objects.map((object) => stringifyOne(object, spelling)).join("---\n");
}

function stringifyOne(object: KindMap[Kind], spelling: Spelling): string {
  const { status: _status, ...written } = object;
  const spec = withoutDefaults(SCHEMAS[object.kind].properties?.spec ?? { type: "object" }, object.spec);
  const document = spelling === "kubectl" ? written : toSpecificationSpelling(object);
  // kubectl reads YAML 1.1, where yes and 1:30 are no strings unless quoted.
  return stringify({ ...document, spec }, { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false });
}
