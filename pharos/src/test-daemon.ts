// Daemons of the built program, as tests start them, and what their health listeners tell.
import { createServer } from "node:net";
import { join } from "node:path";
import { systemClock } from "@pharos/base";
import { type Program, startProgram } from "@pharos/lab/kubernetes";

const BUNDLE = join(import.meta.dirname, "../../dist/pharos.mjs");

export interface TestDaemon extends Program {
  /** Answer of the health listener: status and text; undefined when nobody listens. */
  ask(path: string): Promise<{ readonly status: number; readonly text: string } | undefined>;
  /** Value of a metric without labels; undefined when there is none. */
  metric(name: string): Promise<number | undefined>;
}

/** Starts `pharos <args>` with a health listener; its output goes to a file in `folder`. */
export async function startDaemon(folder: string, name: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<TestDaemon> {
  const health = `127.0.0.1:${await freePort()}`;
  const command = [process.execPath, BUNDLE, ...args, "--health", health];
  const program = startProgram({ command, log: join(folder, `${name}.log`), ...(env === undefined ? {} : { env }) });
  const ask = async (path: string) => {
    try {
      const answer = await fetch(`http://${health}${path}`, { signal: AbortSignal.timeout(1000) });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return undefined;
    }
  };
  const metric = async (metricName: string) => {
    const line = (await ask("/metrics"))?.text.split("\n").find((each) => each.startsWith(`${metricName} `));
    return line === undefined ? undefined : Number(line.split(" ")[1]);
  };
  return { ...program, ask, metric };
}

/** A TCP port of loopback that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What `read` tells as soon as it is neither undefined nor false; fails after `limit` ms. */
export async function eventually<T>(what: string, read: () => Promise<T | undefined | false>, limit = 40_000): Promise<T> {
  const end = systemClock.monotonic() + limit;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (systemClock.monotonic() > end) throw new Error(`${what}: it did not come about within ${limit} ms`);
    await systemClock.sleep(100);
  }
}
