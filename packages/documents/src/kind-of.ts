import { KIND_INFO, type Kind } from "@pharos/kinds";
import { KIND_UNKNOWN } from "./codes.ts";
import { type Issue, shown } from "./issue.ts";
import { nearest } from "./nearest.ts";

export const API_VERSION = "pharos.io/v1";
/** What the specification's documents say; custom kinds cannot live in that group on a real API server. */
export const SPECIFICATION_API_VERSION = "v1";

const KINDS = Object.keys(KIND_INFO) as readonly Kind[];

/** The kind that `apiVersion` and `kind` name in either spelling, or what is wrong with them. */
export function kindOf(apiVersion: unknown, kind: unknown): Kind | readonly Issue[] {
  const found = typeof kind === "string" ? KINDS.find((each) => each === `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`) : undefined;
  const issues = [
    ...(found === undefined ? [unknownKind(kind)] : []),
    ...(apiVersion === API_VERSION || apiVersion === SPECIFICATION_API_VERSION ? [] : [unknownVersion(apiVersion)]),
  ];
  if (found === undefined || issues.length > 0) return issues;
  if (apiVersion === SPECIFICATION_API_VERSION && KIND_INFO[found].specificationKind === undefined) return [unknownVersion(apiVersion)];
  return found;
}

function unknownKind(kind: unknown): Issue {
  const meant = typeof kind === "string" ? nearest(kind, KINDS) : undefined;
  return {
    entry: KIND_UNKNOWN,
    path: "kind",
    description: kind === undefined ? "kind is missing" : `there is no kind ${shown(kind)}`,
    recommendation: meant === undefined ? `use one of ${KINDS.join(", ")}` : `did you mean ${meant}?`,
  };
}

function unknownVersion(apiVersion: unknown): Issue {
  return {
    entry: KIND_UNKNOWN,
    path: "apiVersion",
    description: apiVersion === undefined ? "apiVersion is missing" : `there is no apiVersion ${shown(apiVersion)} of this kind`,
    recommendation: `use ${API_VERSION}`,
  };
}
