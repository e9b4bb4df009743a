import { isDeepStrictEqual } from "node:util";
import type { ConfigRevision } from "@pharos/kinds";
import { type DecodedRevision, decodeRevision } from "@pharos/store";

/** Where a rollback goes. */
export type RollbackTarget =
  | { readonly kind: "revision"; readonly object: ConfigRevision; readonly newest: DecodedRevision }
  | { readonly kind: "bad"; readonly reason: string };

/**
 * Finds the revision that `version` names: `<store epoch>/<number>`, a number, or nothing for the newest committed revision with
 * other documents before the present content. After a rollback to 5 that is one before 5.
 */
export function rollbackTarget(version: string, revisions: readonly ConfigRevision[], epoch: string): RollbackTarget {
  const own = revisions.filter(({ spec }) => spec.epoch === epoch).sort((a, b) => b.spec.number - a.spec.number);
  const [newestObject] = own;
  if (newestObject === undefined) return { kind: "bad", reason: "there is no revision yet" };
  const newest = decodeRevision(newestObject);
  if (version === "") {
    const object = formerCommitted(own, newest);
    return object === undefined
      ? { kind: "bad", reason: "no other configuration was committed before" }
      : { kind: "revision", object, newest };
  }
  const { from, number } = parsedVersion(version);
  if (number === undefined) return { kind: "bad", reason: `target_version ${version} is not <epoch>/<number>` };
  if (from !== undefined && from !== epoch) return { kind: "bad", reason: `${version} is of another store; this one is ${epoch}` };
  const object = own.find(({ spec }) => spec.number === number);
  if (object === undefined) {
    const kept = own.map(({ spec }) => spec.number).reverse();
    return { kind: "bad", reason: `revision ${number} is not kept; there are ${kept.join(", ")}` };
  }
  return { kind: "revision", object, newest };
}

function formerCommitted(own: readonly ConfigRevision[], newest: DecodedRevision): ConfigRevision | undefined {
  const base = newest.pin?.number ?? newest.number;
  const before = own.filter(({ spec, status }) => spec.number < base && status?.conditions?.some(isCommitted) === true);
  return before.find((object) => !isDeepStrictEqual(decodeRevision(object).content.documents, newest.content.documents));
}

function isCommitted({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === "Committed" && status === "True";
}

function parsedVersion(version: string): { readonly from?: string; readonly number?: number } {
  const match = /^(?:(.+)\/)?r?(\d{1,15})$/.exec(version.trim());
  const [, from, digits] = match ?? [];
  return { ...(from === undefined ? {} : { from }), ...(digits === undefined ? {} : { number: Number(digits) }) };
}
