import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ApiServer, ClientCredentials } from "./api-server.ts";

/** A request that reached the proxy. */
export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly watch: boolean;
}

/** An answer in the server's stead. `never`: the connection stays open and silent. */
export type FakeAnswer =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | { readonly kind: "never" };

/**
 * What happens to the running watches: `reset` cuts the connection; `silence` keeps it open and passes nothing on; `cut` ends
 * it in the middle of the next event, cleanly; `garble` passes on half of the next event as a whole line.
 */
export type WatchFault = "reset" | "silence" | "cut" | "garble";

/** A man in the middle of a client and the API server. */
export interface FaultProxy {
  /** Where clients connect instead; its certificate is signed by the server's authority. Calls go on as the administrator. */
  readonly url: string;
  /** All requests so far, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** Asked for each request from now on; undefined lets it pass. */
  intercept(answer: (request: ProxiedRequest) => FakeAnswer | undefined): void;
  /** How many watches the server answers now. */
  watches(): number;
  breakWatches(fault: WatchFault): void;
  stop(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startFaultProxy(api: ApiServer): Promise<FaultProxy> {
  const [upstream, own] = await Promise.all([
    api.credentials("proxied", ["system:masters"]),
    api.authority.issue({ commonName: "fault-proxy", organizations: [], names: ["127.0.0.1"] }),
  ]);
  const proxy = new FaultyConnection(upstream);
  const server = createServer({ cert: own.certificate, key: own.key }, (incoming, outgoing) => proxy.pass(incoming, outgoing));
  server.on("connection", (socket: Socket) => proxy.connected(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: proxy.requests,
    intercept: (answer) => {
      proxy.answer = answer;
    },
    watches: () => proxy.watches,
    breakWatches: (fault) => proxy.breakWatches(fault),
    stop: () => stopped(server, proxy),
  };
}

function stopped(server: Server, proxy: FaultyConnection): Promise<void> {
  proxy.close();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface RunningWatch {
  fault: WatchFault | undefined;
  readonly outgoing: ServerResponse;
}

class FaultyConnection {
  readonly requests: ProxiedRequest[] = [];
  answer: (request: ProxiedRequest) => FakeAnswer | undefined = () => undefined;
  readonly #upstream: ClientCredentials;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #watches = new Set<RunningWatch>();
  /** TCP connections by the client's port; the TLS sockets on top of them cannot be reset. */
  readonly #sockets = new Map<number | undefined, Socket>();

  constructor(upstream: ClientCredentials) {
    this.#upstream = upstream;
  }

  get watches(): number {
    return this.#watches.size;
  }

  connected(socket: Socket): void {
    const { remotePort } = socket;
    this.#sockets.set(remotePort, socket);
    socket.once("close", () => this.#sockets.delete(remotePort));
  }

  close(): void {
    this.#agent.destroy();
  }

  breakWatches(fault: WatchFault): void {
    for (const watch of this.#watches) {
      watch.fault = fault;
      if (fault === "reset") this.#sockets.get(watch.outgoing.socket?.remotePort)?.resetAndDestroy();
    }
  }

  pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "GET", url: path = "/" } = incoming;
    const seen = { method, path, watch: new URL(path, "https://any").searchParams.get("watch") === "1" };
    this.requests.push(seen);
    const answer = this.answer(seen);
    if (answer?.kind === "never") return;
    if (answer !== undefined) {
      outgoing.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(answer.body);
      return;
    }
    this.#forward(incoming, outgoing, seen);
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, { method, path, watch }: ProxiedRequest): void {
    const { server, authority: ca, certificate: cert, key } = this.#upstream;
    const { authorization: _token, host: _host, ...headers } = incoming.headers;
    const sent = request(`${server}${path}`, { method, headers, ca, cert, key, agent: this.#agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      if (watch) return this.#passWatch(answer, outgoing);
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    sent.on("error", () => outgoing.destroy());
    outgoing.on("close", () => sent.destroy());
    incoming.pipe(sent);
  }

  #passWatch(answer: IncomingMessage, outgoing: ServerResponse): void {
    const running: RunningWatch = { fault: undefined, outgoing };
    this.#watches.add(running);
    outgoing.on("close", () => this.#watches.delete(running));
    answer.on("end", () => running.fault !== "silence" && outgoing.end());
    answer.on("error", () => running.fault !== "silence" && outgoing.destroy());
    answer.on("data", (chunk: Buffer) => {
      const half = chunk.subarray(0, Math.floor(chunk.length / 2));
      if (running.fault === undefined) outgoing.write(chunk);
      else if (running.fault === "cut") outgoing.end(half);
      else if (running.fault === "garble") outgoing.write(Buffer.concat([half, Buffer.from("\n"), chunk.subarray(half.length)]));
      if (running.fault !== "silence") running.fault = undefined;
    });
  }
}
