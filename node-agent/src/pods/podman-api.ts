import { type IncomingMessage, request } from "node:http";
import { isSystemError, PharosError } from "@pharos/base";
import { AGENT_PODMAN_FAILED } from "../codes.ts";

/** Podman 4 and 5 serve this version of their API. */
const VERSION = "v4.0.0";
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 << 20;
/** Nothing is there, or nobody listens: this host has no Podman, or its service is not on. */
const ABSENT = ["ENOENT", "ECONNREFUSED", "ENOTDIR"] as const;

/** A client of Podman's own API (libpod) on a unix socket. */
export interface PodmanApi {
  /** The decoded answer; undefined where there is no service. Throws AGENT_PODMAN_FAILED when it does not do as asked. */
  get(path: string): Promise<unknown>;
  /** Calls back with each piece that a stream brings; resolves when it ends, at once where there is no service. */
  follow(path: string, onPiece: () => void, signal: AbortSignal): Promise<void>;
}

/** The API that is served at `socket`. */
export function podmanApi(socket: string): PodmanApi {
  const ask = (path: string, options: { readonly signal?: AbortSignal; readonly timeout?: number }) =>
    new Promise<IncomingMessage | undefined>((resolve, reject) => {
      // A connection for each request: one that is kept may belong to a service that has ended, which is started on demand.
      const asked = request({ socketPath: socket, path: `/${VERSION}/libpod/${path}`, agent: false, ...options });
      asked.once("response", resolve);
      asked.once("timeout", () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      asked.once("error", (error) => {
        if (isSystemError(error, ...ABSENT)) resolve(undefined);
        else reject(new PharosError(AGENT_PODMAN_FAILED, `GET ${path}`, { cause: error }));
      });
      asked.end();
    });
  return {
    get: async (path) => {
      const answer = await ask(path, { timeout: TIMEOUT_MS });
      if (answer === undefined) return undefined;
      const text = await textOf(answer);
      if (answer.statusCode !== 200) throw new PharosError(AGENT_PODMAN_FAILED, `GET ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
      return JSON.parse(text);
    },
    follow: async (path, onPiece, signal) => {
      const stream = await ask(path, { signal });
      if (stream === undefined) return;
      if (stream.statusCode !== 200) throw new PharosError(AGENT_PODMAN_FAILED, `GET ${path}: ${stream.statusCode}`);
      onPiece();
      for await (const _piece of stream) onPiece();
    },
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new PharosError(AGENT_PODMAN_FAILED, `an answer has more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
