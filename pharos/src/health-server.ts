import { createServer } from "node:http";
import { type Clock, describeError, type Log } from "@pharos/base";
import type { Gauges, Metrics } from "./metrics.ts";

/** A check that a probe asks for: undefined is well, a text says what is missing. */
export type HealthCheck = () => string | undefined;

export interface HealthOptions {
  /** `host:port`; absent: no listener. */
  readonly listen?: string;
  readonly live: HealthCheck;
  readonly ready: HealthCheck;
  /** Values of `pharos_<name>`, read when a scrape asks. */
  readonly gauges: Gauges;
  readonly log: Log;
}

/** Serves /livez, /readyz and /metrics until `signal` aborts. A listener that fails is told, and does not end the daemon. */
export function serveHealth(options: HealthOptions, signal: AbortSignal): void {
  const { listen, log } = options;
  if (listen === undefined) return;
  let scraped: Promise<Metrics> | undefined;
  const checks: Readonly<Record<string, HealthCheck>> = { "/livez": options.live, "/readyz": options.ready };
  const server = createServer(async (request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    const check = checks[path];
    if (request.method !== "GET" || (check === undefined && path !== "/metrics")) return void response.writeHead(404).end();
    if (check === undefined) {
      // Loaded when somebody scrapes: the library and its default metrics cost an agent several megabytes.
      scraped ??= import("./metrics.ts").then(({ collectMetrics }) => collectMetrics(options.gauges));
      const { contentType, text } = await scraped;
      return void response.writeHead(200, { "content-type": contentType }).end(await text());
    }
    const missing = check();
    response.writeHead(missing === undefined ? 200 : 503, { "content-type": "text/plain" }).end(`${missing ?? "ok"}\n`);
  });
  const { host, port } = splitAddress(listen);
  server.on("error", (error) => log.error("health listener failed", { listen, error: describeError(error) }));
  server.listen(port, host);
  signal.addEventListener("abort", () => server.close(), { once: true });
  server.unref();
}

function splitAddress(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(":");
  const port = Number(listen.slice(at + 1));
  if (at <= 0 || !Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--health ${listen}: write host:port`);
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ""), port };
}

/** A check that fails when `beat` was not called for `limit` ms. */
export function heartbeat(clock: Clock, limit: number): { readonly beat: () => void; readonly check: HealthCheck } {
  let last = clock.monotonic();
  return {
    beat: () => {
      last = clock.monotonic();
    },
    check: () => (clock.monotonic() - last < limit ? undefined : `nothing was done for ${Math.round((clock.monotonic() - last) / 1000)} s`),
  };
}
