import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { type HealthCheckRequest, type HealthCheckResponse, type HealthServer, ServingStatus } from "@pharos/rpc";

/** The standard health service (grpc.health.v1). The server as a whole has the empty name. */
export interface Health {
  readonly implementation: HealthServer;
  /** Tells all watchers. */
  set(serving: boolean): void;
  /** Ends all watches, so that the server can shut down. */
  close(): void;
}

/** One state for all of `services`: they share a store, so they serve together or not at all. */
export function createHealth(services: readonly string[]): Health {
  const known = new Set(["", ...services]);
  const watchers = new Set<ServerWritableStream<HealthCheckRequest, HealthCheckResponse>>();
  let serving = false;
  const now = (): HealthCheckResponse => ({ status: serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });
  return {
    implementation: {
      check: (call, callback) => {
        if (known.has(call.request.service)) callback(null, now());
        else callback({ code: status.NOT_FOUND, details: `there is no service ${call.request.service}` });
      },
      watch: (call) => {
        const { service } = call.request;
        call.write(known.has(service) ? now() : { status: ServingStatus.SERVICE_UNKNOWN });
        if (!known.has(service)) return;
        watchers.add(call);
        call.on("cancelled", () => {
          watchers.delete(call);
          call.end();
        });
      },
    },
    set: (value) => {
      if (value === serving) return;
      serving = value;
      for (const watcher of watchers) watcher.write(now());
    },
    close: () => {
      for (const watcher of watchers) watcher.end();
      watchers.clear();
    },
  };
}
