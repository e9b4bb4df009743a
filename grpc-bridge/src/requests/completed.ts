import type { PodNetwork } from "@pharos/kinds";
import type { CompletionWord } from "../callbacks/completion.ts";

/** Set once the completion of a request is in the outbox: OK, ERROR or TIMEOUT. */
export const COMPLETED_ANNOTATION = "pharos.io/completed";

/** How a request was completed; undefined while Piccolo has not been told. */
export function completedAs({ metadata }: PodNetwork): CompletionWord | undefined {
  const word = metadata.annotations?.[COMPLETED_ANNOTATION];
  return word === "OK" || word === "ERROR" || word === "TIMEOUT" ? word : undefined;
}

/** What Piccolo is to be told about a request now; undefined: nothing yet. */
export function dueCompletion(
  object: PodNetwork,
  now: number,
  timeoutMs: number,
): { readonly status: CompletionWord; readonly details: string } | undefined {
  const { spec, status } = object;
  if (spec.request === undefined || completedAs(object) !== undefined) return undefined;
  if (status?.phase === "Attached") return { status: "OK", details: attachedText(object) };
  if (status?.phase === "Failed" || status?.phase === "Released")
    return { status: "ERROR", details: status.message ?? "the pod's network could not be set up" };
  if (now < deadlineOf(object, timeoutMs)) return undefined;
  const waited = status?.message === undefined ? "" : `: ${status.message}`;
  return { status: "TIMEOUT", details: `no network for ${spec.request.podName} within ${timeoutMs} ms${waited}` };
}

/** Wall clock, ms. A time that cannot be read counts as long ago. */
export function deadlineOf({ spec }: PodNetwork, timeoutMs: number): number {
  const asked = Date.parse(spec.request?.requestedAt ?? "");
  return Number.isNaN(asked) ? 0 : asked + timeoutMs;
}

function attachedText({ spec, status }: PodNetwork): string {
  const where = [spec.bridge === undefined ? "" : `on ${spec.bridge}`, spec.host === undefined ? "" : `at ${spec.host}`].filter(
    (part) => part !== "",
  );
  const addresses = status?.addresses?.join(", ") ?? "";
  return [addresses === "" ? (status?.message ?? "attached") : addresses, ...where].join(" ");
}
