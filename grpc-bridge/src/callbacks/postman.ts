import { join } from "node:path";
import type { Clock, Log } from "@pharos/base";
import { type Outbox, openOutbox } from "@pharos/outbox";
import type { CallbackEndpoint } from "../options.ts";
import { type Completion, decodeCompletion, encodeCompletion } from "./completion.ts";
import { type Receiver, receiverOf } from "./dialects.ts";

export interface PostmanOptions {
  readonly endpoints: readonly CallbackEndpoint[];
  /** Folder that holds one outbox per endpoint. */
  readonly dir: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Route {
  readonly endpoint: CallbackEndpoint;
  readonly outbox: Outbox;
  readonly receiver: Receiver;
}

/** Delivers completions to every endpoint, at least once, also over restarts of Pharos and of Piccolo. */
export interface Postman {
  /** Resolves once the completion is on disk for every endpoint. */
  post(completion: Completion): Promise<void>;
  /** Delivers until `signal` aborts, and closes the outboxes. */
  run(signal: AbortSignal): Promise<void>;
}

/** Opens the outboxes. Throws OUTBOX_UNUSABLE. */
export async function openPostman(options: PostmanOptions): Promise<Postman> {
  const { dir, clock, log, endpoints } = options;
  const routes: Route[] = [];
  for (const endpoint of endpoints) {
    const name = `${endpoint.dialect}-${encodeURIComponent(endpoint.address)}`;
    const outbox = await openOutbox(join(dir, name), { clock, log: log.child({ callback: endpoint.address }) });
    routes.push({ endpoint, outbox, receiver: receiverOf(endpoint) });
  }
  return {
    post: async (completion) => {
      if (routes.length === 0)
        log.warn("no callback endpoint is set, nobody is told", { requestId: completion.requestId, status: completion.status });
      for (const { outbox } of routes) await outbox.append(encodeCompletion(completion));
    },
    run: async (signal) => {
      await Promise.all(routes.map((route) => deliver(route, options, signal)));
    },
  };
}

async function deliver(
  { endpoint, outbox, receiver }: Route,
  { clock, log, timeoutMs }: PostmanOptions,
  signal: AbortSignal,
): Promise<void> {
  await outbox.deliver(async ({ payload }) => {
    const completion = decodeCompletion(payload);
    if (completion === undefined) return log.error("outbox holds a record that is no completion, skipped", { callback: endpoint.address });
    await clock.sleep(Math.max(0, completion.notBefore - clock.now()), signal);
    await receiver.send(completion, timeoutMs);
    log.info("completion delivered", { requestId: completion.requestId, status: completion.status, callback: endpoint.address });
  }, signal);
  receiver.close();
  await outbox.close();
}
