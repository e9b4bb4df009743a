import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type Authority, makeAuthority } from "@pharos/lab/kubernetes";
import type { ApiRequest } from "./transport.ts";
import { Transport, type TransportOptions } from "./transport.ts";

let authority: Authority;
let server: Server;
let answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
const open: Transport[] = [];
/** TCP connections by the client's port: what TLS puts on top of them cannot be reset. */
const sockets = new Map<number | undefined, Socket>();

beforeAll(async () => {
  authority = await makeAuthority("test");
  const { certificate: cert, key } = await authority.issue({ commonName: "server", names: ["127.0.0.1", "api.test"] });
  server = createServer({ cert, key }, (incoming, outgoing) => answer(incoming, outgoing));
  server.on("connection", (socket: Socket) => sockets.set(socket.remotePort, socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  for (const transport of open.splice(0)) transport.close();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const url = (host = "127.0.0.1") => `https://${host}:${(server.address() as AddressInfo).port}`;

function connect(more: Partial<TransportOptions> = {}): Transport {
  const transport = new Transport({ credentials: { server: url(), authority: authority.certificate }, deadline: 1000, ...more });
  open.push(transport);
  return transport;
}

const request = (method: ApiRequest["method"] = "GET"): ApiRequest => ({
  call: { verb: method === "GET" ? "list" : "create", group: "pharos.io", resource: "bridges" },
  method,
  path: "/apis/pharos.io/v1/bridges",
  ...(method === "GET" ? {} : { body: {} }),
});

/** Answers the first request of each connection, and closes the connection at the second one without an answer. */
function closingKeptConnections(): { requests: number } {
  const seen = { requests: 0 };
  const known = new WeakSet<object>();
  answer = (incoming, outgoing) => {
    seen.requests += 1;
    if (known.has(incoming.socket)) incoming.socket.destroy();
    else outgoing.end("{}");
    known.add(incoming.socket);
  };
  return seen;
}

describe("the transport", () => {
  test("asks anew when the server closed a kept connection just then", async () => {
    const seen = closingKeptConnections();
    const transport = connect();
    await transport.call(request());
    expect(await transport.call(request())).toEqual({});
    expect(seen.requests).toBe(3);
  });

  test("a watch that is reset in the middle is told to its reader, and is not asked anew behind its back", async () => {
    let requests = 0;
    answer = (incoming, outgoing) => {
      requests += 1;
      if (requests === 1) outgoing.end("{}");
      else outgoing.write("line\n", () => sockets.get(incoming.socket.remotePort)?.resetAndDestroy());
    };
    const transport = connect();
    await transport.call(request());
    const lines: string[] = [];
    const read = async () => {
      for await (const line of transport.lines(request(), new AbortController().signal)) lines.push(line);
    };
    await expect(read()).rejects.toMatchObject({ code: "PHAROS-3006" });
    await systemClock.sleep(100);
    expect(lines).toEqual(["line"]);
    expect(requests).toBe(2);
  });

  test("does not repeat a write whose fate is unknown", async () => {
    const seen = closingKeptConnections();
    const transport = connect();
    await transport.call(request());
    await expect(transport.call(request("POST"))).rejects.toMatchObject({ code: "PHAROS-3006" });
    expect(seen.requests).toBe(2);
  });

  test("sends the token of the moment with each request", async () => {
    const tokens = ["first", "second"];
    const seen: (string | undefined)[] = [];
    answer = ({ headers }, outgoing) => {
      seen.push(headers.authorization);
      outgoing.end("{}");
    };
    const credentials = { server: url(), authority: authority.certificate, token: async () => tokens.shift() ?? "" };
    const transport = connect({ credentials });
    await transport.call(request());
    await transport.call(request());
    expect(seen).toEqual(["Bearer first", "Bearer second"]);
  });

  test("an answer that never ends is given up at the deadline", async () => {
    answer = (_incoming, outgoing) => void outgoing.write("{");
    await expect(connect({ deadline: 200 }).call(request())).rejects.toMatchObject({ code: "PHAROS-3006" });
  });

  test("a server of another authority is not trusted", async () => {
    const other = await makeAuthority("other");
    const transport = connect({ credentials: { server: url(), authority: other.certificate } });
    await expect(transport.call(request())).rejects.toMatchObject({ code: "PHAROS-3006" });
  });

  test("another name in the server's certificate is accepted where it is named, and only there", async () => {
    answer = (_incoming, outgoing) => void outgoing.end("{}");
    const named = (serverName: string) => connect({ credentials: { server: url(), authority: authority.certificate, serverName } });
    expect(await named("api.test").call(request())).toEqual({});
    await expect(named("other.test").call(request())).rejects.toMatchObject({ code: "PHAROS-3006" });
  });

  test("nobody listens: says so at once", async () => {
    const transport = connect({ credentials: { server: "https://127.0.0.1:1", authority: authority.certificate } });
    await expect(transport.call(request())).rejects.toMatchObject({
      code: "PHAROS-3006",
      message: "list bridges.pharos.io: the API server cannot be reached",
    });
  });
});
