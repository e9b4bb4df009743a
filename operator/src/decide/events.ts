import { documentTitle } from "@pharos/compiler";
import { type HomeEvent, refOf } from "@pharos/store";
import type { Decision } from "./decide-revision.ts";
import type { StatusChange } from "./document-status.ts";

/** Conditions whose turn is worth an event, with the reason that the event has. */
const TOLD = { Accepted: "Invalid", InSync: "NotInSync" } as const;

/** What people are told of a round: a revision that was made, and conditions that turned bad or changed their reason. */
export function eventsOf({ outcome }: Decision, statuses: readonly StatusChange[]): readonly HomeEvent[] {
  const frozen: readonly HomeEvent[] =
    outcome.kind === "frozen" && outcome.create !== undefined
      ? [
          {
            regarding: refOf<"ConfigRevision">(outcome.create),
            type: "Normal",
            reason: "Frozen",
            note: `revision ${outcome.create.spec.number} was made from the documents`,
          },
        ]
      : [];
  return [...frozen, ...statuses.flatMap(turnedBad)];
}

function turnedBad({ document, status }: StatusChange): readonly HomeEvent[] {
  return Object.entries(TOLD).flatMap(([type, reason]) => {
    const now = status.conditions?.find((condition) => condition.type === type);
    const before = document.status?.conditions?.find((condition) => condition.type === type);
    const waits = now?.reason === "NotFrozen" || now?.reason === "Pending";
    if (now?.status !== "False" || waits || (before?.status === "False" && before.message === now.message)) return [];
    return [
      {
        regarding: refOf(document),
        type: "Warning" as const,
        reason,
        note: `${documentTitle(document)}: ${now.message ?? ""}`.slice(0, 1024),
      },
    ];
  });
}
