import type { RollbackConfigurationRequest, RollbackConfigurationResponse } from "@pharos/rpc";
import { requestRollback } from "../change/request-rollback.ts";
import { rollbackTarget } from "../change/rollback-target.ts";
import type { Audited } from "../server/unary.ts";
import type { HandlerContext } from "./context.ts";

/** RollbackConfiguration: the hosts run the documents of an earlier revision again; the documents in the store stay as they are. */
export async function rollbackConfiguration(
  { targetVersion }: RollbackConfigurationRequest,
  context: HandlerContext,
): Promise<Audited<RollbackConfigurationResponse>> {
  const done = await context.alone(async () => {
    const { store, view } = await context.ready();
    const epoch = await store.epoch();
    const target = rollbackTarget(targetVersion, (await store.list("ConfigRevision")).items, epoch);
    if (target.kind === "bad") return { kind: "refused", message: target.reason, current: "", document: [] } as const;
    const { clock, log, signal, connectedHosts, timing, newId } = context;
    const result = await requestRollback(target, {
      ...{ store, view, clock, log, signal, timeoutMs: timing.commitMs, noHostMs: timing.noHostMs, id: newId() },
      ...(connectedHosts === undefined ? {} : { connectedHosts }),
    });
    return { ...result, current: `${epoch}/${result.number}`, document: [`ConfigRevision/${target.object.metadata.name}`] } as const;
  });
  const { kind, message, current, document } = done;
  return { response: { success: kind === "committed", message, currentVersion: current }, result: kind, documents: document };
}
