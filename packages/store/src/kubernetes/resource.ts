import { KIND_INFO, type Kind } from "@pharos/kinds";
import type { ApiCall } from "./api-call.ts";

/** A kind of object as the API's paths name it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural. */
  readonly plural: string;
}

/** The resource of one of our kinds. */
export function resourceOf(kind: Kind): Resource {
  return { group: "pharos.io", version: "v1", plural: KIND_INFO[kind].plural };
}

export interface Place {
  readonly namespace?: string;
  readonly name?: string;
  /** For example `status`. */
  readonly subresource?: string;
}

/** The path of a collection, an object or its subresource. Each part is escaped: no name can reach another path. */
export function pathOf({ group, version, plural }: Resource, { namespace, name, subresource }: Place): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const parts = [...(namespace === undefined ? [] : ["namespaces", namespace]), plural, name, subresource];
  return [root, ...parts.filter((part) => part !== undefined).map(encodeURIComponent)].join("/");
}

/** Names a call for errors and for whoever records it. */
export function callOf(verb: ApiCall["verb"], { group, plural }: Resource, { namespace, name, subresource }: Place): ApiCall {
  return {
    verb,
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}
