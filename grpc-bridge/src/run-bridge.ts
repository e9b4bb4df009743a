import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { describeError, PharosError } from "@pharos/base";
import {
  HealthService,
  PharosNetworkManagerService,
  PharosNetworkServiceConnectionService,
  PharosServiceService,
  ServerReflectionService,
} from "@pharos/rpc";
import type { Store } from "@pharos/store";
import { openPostman } from "./callbacks/postman.ts";
import { BRIDGE_NOT_READY } from "./codes.ts";
import type { HandlerContext } from "./handlers/context.ts";
import { type LiveView, openLiveView } from "./live-view.ts";
import { type BridgeOptions, type BridgeTiming, DEFAULT_TIMING } from "./options.ts";
import { completeRequests } from "./requests/complete-requests.ts";
import { peerRule } from "./server/allow-peers.ts";
import { createServer } from "./server/create-server.ts";
import { createHealth, type Health } from "./server/health.ts";
import { listen } from "./server/listen.ts";
import { createReflection } from "./server/reflection.ts";
import { networkManager, networkServiceConnection, pharosService } from "./services.ts";

const API = ["pharos.api.v1.PharosService", "pharos.api.v1.PharosNetworkServiceConnection", "pharos.api.v1.PharosNetworkManager"];
const STANDARD = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
/** Calls that are under way may finish for this long after the signal, ms. */
const DRAIN_MS = 1000;

/** A bridge whose port is open. */
export interface RunningBridge {
  /** Where it listens, in the order of `listen`, with real ports: `host:port` or `unix:/path`. */
  readonly addresses: readonly string[];
  /** True once the store is open and all that calls are answered from was listed. */
  ready(): boolean;
  /** Resolves after the signal, when everything is closed. Rejects when the store cannot be opened or something breaks. */
  readonly finished: Promise<void>;
}

interface Opened {
  readonly store: Store;
  readonly view: LiveView;
}

/**
 * Opens the port of the Pharos API; resolves as soon as it listens. Throws BRIDGE_LISTEN_FAILED,
 * BRIDGE_PLAINTEXT_REFUSED, BRIDGE_SETTING_INVALID, OUTBOX_UNUSABLE.
 */
export async function startBridge(options: BridgeOptions): Promise<RunningBridge> {
  const { clock, log, signal, stateDir } = options;
  const timing: BridgeTiming = { ...DEFAULT_TIMING, ...options.timing };
  const postman = await openPostman({
    endpoints: options.callbacks ?? [],
    dir: join(stateDir, "callbacks"),
    timeoutMs: timing.callbackMs,
    clock,
    log,
  });
  const opened = Promise.resolve(options.store).then((store): Opened => ({ store, view: openLiveView(store, { signal, clock, log }) }));
  let view: LiveView | undefined;
  opened.then(
    (all) => {
      view = all.view;
    },
    () => {},
  );
  const context: HandlerContext = {
    ready: () => withinTime(opened, timing.storeWaitMs, options),
    alone: oneAtATime(),
    post: postman.post,
    ...(options.connectedHosts === undefined ? {} : { connectedHosts: options.connectedHosts }),
    newId: options.newId ?? randomUUID,
    ...{ timing, clock, log, signal },
  };
  const server = createServer(peerRule(options.plaintextFrom ?? []));
  const health = createHealth(API);
  addServices(server, context, health);
  const addresses = await listen(server, options.listen, options.plaintextFrom ?? []);
  log.info("the Pharos API listens", { addresses: addresses.join(" ") });
  const finished = run({ server, health, opened, postmanRun: postman.run, context, options });
  return { addresses, ready: () => view?.synced() === true, finished };
}

/** `startBridge`, until the signal. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { finished } = await startBridge(options);
  await finished;
}

function addServices(server: Server, context: HandlerContext, health: Health): void {
  const add = (service: ServiceDefinition, implementation: UntypedServiceImplementation): void =>
    server.addService(service, implementation);
  add(PharosServiceService, pharosService(context));
  add(PharosNetworkServiceConnectionService, networkServiceConnection(context));
  add(PharosNetworkManagerService, networkManager(context));
  add(HealthService, health.implementation);
  add(ServerReflectionService, createReflection([...API, ...STANDARD]));
}

interface Running {
  readonly server: Server;
  readonly health: Health;
  readonly opened: Promise<Opened>;
  readonly postmanRun: (signal: AbortSignal) => Promise<void>;
  readonly context: HandlerContext;
  readonly options: BridgeOptions;
}

async function run({ server, health, opened, postmanRun, context, options }: Running): Promise<void> {
  const { signal, clock, log } = options;
  const mail = postmanRun(signal);
  try {
    const ready = await Promise.race([opened, aborted(signal)]);
    if (ready !== undefined) {
      const { store, view } = ready;
      for (const { service, implementation } of options.extraServices?.(store) ?? []) server.addService(service, implementation);
      health.set(true);
      await completeRequests({ store, view, post: context.post, clock, log, timeoutMs: context.timing.requestMs }, signal);
      await view.finished;
    }
  } catch (error) {
    log.error("the bridge stops", { error: describeError(error) });
    throw error;
  } finally {
    health.close();
    await shutDown(server, options);
    if (signal.aborted) await mail;
  }
}

async function shutDown(server: Server, { clock }: BridgeOptions): Promise<void> {
  const drained = new AbortController();
  const graceful = new Promise<void>((resolve) => server.tryShutdown(() => resolve())).then(() => drained.abort());
  await Promise.race([graceful, clock.sleep(DRAIN_MS, drained.signal)]);
  server.forceShutdown();
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

async function withinTime<T>(value: Promise<T>, ms: number, { clock, signal }: BridgeOptions): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then((): never => {
    throw new PharosError(BRIDGE_NOT_READY, "Pharos is starting, its store is not open yet");
  });
  late.catch(() => {});
  try {
    return await Promise.race([value, late]);
  } finally {
    done.abort();
  }
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}
