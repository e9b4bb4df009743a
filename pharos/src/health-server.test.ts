import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import { serveHealth } from "./health-server.ts";

let stop: AbortController;
let base: string;
let missing: string | undefined;

beforeEach(async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  stop = new AbortController();
  base = `http://${listen}`;
  missing = undefined;
  const gauges = { operator_leader: { help: "1 while it leads", value: () => 1 } };
  serveHealth({ listen, live: () => undefined, ready: () => missing, gauges, log: silentLog }, stop.signal);
});
afterEach(() => stop.abort());

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

async function ask(path: string): Promise<readonly [number, string]> {
  const response = await fetch(`${base}${path}`);
  return [response.status, await response.text()];
}

test("probes are answered by what the daemon says of itself", async () => {
  expect(await ask("/livez")).toEqual([200, "ok\n"]);
  expect(await ask("/readyz")).toEqual([200, "ok\n"]);
  missing = "no revision is committed yet";
  expect(await ask("/readyz?verbose")).toEqual([503, "no revision is committed yet\n"]);
  expect((await ask("/elsewhere"))[0]).toBe(404);
});

test("every scrape reads the values anew, beside those of the process", async () => {
  for (const _scrape of [1, 2]) {
    const [status, text] = await ask("/metrics");
    expect(status).toBe(200);
    expect(text).toMatch(/^pharos_operator_leader 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  }
});
