import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { isSystemError, PharosError } from "@pharos/base";
import { STORE_UNAVAILABLE } from "../codes.ts";
import { type ApiCall, describe } from "./api-call.ts";
import { failureOf } from "./api-error.ts";
import type { KubernetesCredentials } from "./credentials.ts";

export type { ApiCall };

export interface ApiRequest {
  readonly call: ApiCall;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with query, from `/api`. */
  readonly path: string;
  readonly body?: unknown;
  /** `application/json` when not given. */
  readonly contentType?: string;
  readonly accept?: string;
}

export interface TransportOptions {
  readonly credentials: KubernetesCredentials;
  /** ms that a call may take; 10 s when not given. */
  readonly deadline?: number;
  /** ms without a byte after which a watch counts as broken; 90 s when not given: an API server sends a bookmark each minute. */
  readonly idle?: number;
  readonly onCall?: (call: ApiCall) => void;
  /** Told of the server's time with each answer, ms since the epoch, to the second; NaN when it gave none. */
  readonly onServerTime?: (time: number) => void;
}

const DEADLINE = 10_000;
const IDLE = 90_000;
/** A line of a watch is one event: an object of at most 1.5 MiB (etcd's limit), escaped. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** HTTPS to one API server: JSON, kept-alive connections, errors as ours. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agent: Agent;
  readonly #base: RequestOptions;

  constructor(options: TransportOptions) {
    const { server, authority, serverName, client } = options.credentials;
    const { hostname, port, pathname } = new URL(server);
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: 2, maxCachedSessions: 4 });
    this.#base = {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? 443 : Number(port),
      path: pathname === "/" ? "" : pathname,
      agent: this.#agent,
      ...(authority === undefined ? {} : { ca: authority }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    };
  }

  /** Sends one request and gives the answer's object. Throws the store's errors. */
  async call<T>(given: ApiRequest): Promise<T> {
    this.#options.onCall?.(given.call);
    const signal = AbortSignal.timeout(this.#options.deadline ?? DEADLINE);
    const response = await this.#send(given, signal);
    const text = await textOf(response, given);
    if ((response.statusCode ?? 500) >= 300) throw failure(given, response, text);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new PharosError(STORE_UNAVAILABLE, `${describe(given.call)}: the answer is no JSON`, { cause: error });
    }
  }

  /** The whole lines of an endless answer. A line that was cut off by the end is never given. Throws when the connection breaks. */
  async *lines(given: ApiRequest, signal: AbortSignal): AsyncGenerator<string> {
    this.#options.onCall?.(given.call);
    const response = await this.#send(given, signal);
    if (response.statusCode !== 200) throw failure(given, response, await textOf(response, given));
    response.setEncoding("utf8");
    response.setTimeout(this.#options.idle ?? IDLE, () => response.destroy(new Error("nothing was heard for too long")));
    let rest = "";
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const parts = `${rest}${chunk}`.split("\n");
        rest = parts.pop() ?? "";
        if (rest.length > LONGEST_LINE) throw new PharosError(STORE_UNAVAILABLE, `${describe(given.call)}: an event is too long`);
        yield* parts.filter((line) => line !== "");
      }
    } catch (error) {
      if (signal.aborted) return;
      throw unavailable(given.call, error);
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(given: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, body, contentType = "application/json", accept = "application/json" } = given;
    const token = await this.#options.credentials.token?.();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept,
      "user-agent": "pharos",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(payload) }),
    };
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const outgoing = request({ ...this.#base, method, path: `${this.#base.path ?? ""}${path}`, headers, signal }, (response) => {
        isAnswered = true;
        clearTimeout(timer);
        this.#options.onServerTime?.(Date.parse(response.headers.date ?? ""));
        resolve(response);
      });
      const timer = setTimeout(() => outgoing.destroy(new Error("no answer in time")), this.#options.deadline ?? DEADLINE);
      outgoing.once("close", () => clearTimeout(timer));
      outgoing.on("error", (error) => {
        // A reset in the middle of an answer is told here too; whoever reads the answer hears of it there.
        if (isAnswered) return;
        // The server may close a kept connection just when it is used again. Who only reads asks anew; a write may have arrived.
        const isStale = outgoing.reusedSocket && method === "GET" && isSystemError(error, "ECONNRESET", "EPIPE") && !signal.aborted;
        if (isStale) resolve(this.#send(given, signal));
        else reject(unavailable(given.call, error));
      });
      outgoing.end(payload);
    });
  }
}

async function textOf(response: IncomingMessage, { call }: ApiRequest): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw unavailable(call, error);
  }
  return Buffer.concat(chunks).toString();
}

function failure({ call }: ApiRequest, { statusCode = 500, headers }: IncomingMessage, text: string): PharosError {
  const retryAfter = headers["retry-after"];
  return failureOf(call, { statusCode, text, ...(retryAfter === undefined ? {} : { retryAfter }) });
}

function unavailable(call: ApiCall, cause: unknown): PharosError {
  return cause instanceof PharosError
    ? cause
    : new PharosError(STORE_UNAVAILABLE, `${describe(call)}: the API server cannot be reached`, { cause });
}
