import type { Kind, KindMap, PodNetwork } from "@pharos/kinds";
import { refOf, refText } from "../ref.ts";
import type { ObjectRef } from "../store.ts";

/** A write that a caller asks for; `current` is the object as it is stored now. */
export type IntendedWrite =
  | { readonly verb: "create"; readonly object: KindMap[Kind] }
  | { readonly verb: "update"; readonly object: KindMap[Kind]; readonly current: KindMap[Kind] | undefined }
  | { readonly verb: "patchStatus" | "delete"; readonly ref: ObjectRef; readonly current: KindMap[Kind] | undefined };

/** Undefined when `host` may do it, else why not, for people. `host` is undefined when the caller named none. */
export type Authorize = (host: string | undefined, write: IntendedWrite) => string | undefined;

/**
 * What an agent may write: its own HostReport, the PodNetworks and ServiceRegistrations of its host, and its name into a
 * request that has no host yet.
 */
export const authorizeAgent: Authorize = (host, write) => {
  const document = write.verb === "create" || write.verb === "update" ? refText(refOf(write.object)) : refText(write.ref);
  if (host === undefined || host === "") return `a caller without a host may not write ${document}`;
  const before = write.verb === "create" ? undefined : write.current;
  const after = write.verb === "create" || write.verb === "update" ? write.object : undefined;
  const allowed = [before, after].every((object, place) => object === undefined || mayTouch(host, object, place === 0));
  return allowed ? undefined : `host ${host} may not write ${document}`;
};

function mayTouch(host: string, object: KindMap[Kind], isCurrent: boolean): boolean {
  switch (object.kind) {
    case "HostReport":
      return object.metadata.name === host;
    case "PodNetwork":
      return object.spec.host === host || (isCurrent && isUnclaimed(object));
    case "ServiceRegistration":
      return object.spec.host === host;
    default:
      return false;
  }
}

function isUnclaimed({ spec }: PodNetwork): boolean {
  return spec.host === undefined || spec.host === "";
}
