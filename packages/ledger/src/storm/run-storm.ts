import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readLedger } from "../read-ledger.ts";
import type { Operation } from "./history.ts";
import { type ClientOrder, readStory, type StormPool } from "./story.ts";

export interface StormOptions {
  /** Folder of the ledger, and another for the clients' stories. */
  readonly folder: string;
  readonly scratch: string;
  readonly seed: number;
  /** Processes, and commands of all of them together. */
  readonly clients: number;
  readonly operations: number;
  /** Containers that each client has for itself, and that all share. */
  readonly ownContainers: number;
  readonly sharedContainers: number;
  /** Commands that a client makes in the mean before it is killed by SIGKILL. */
  readonly meanLife: number;
  readonly pool: StormPool;
}

const CLIENT = join(import.meta.dirname, "client.ts");

/** Runs clients until each has made its share of the commands, some of them killed and started again. Throws when one fails. */
export async function runStorm(options: StormOptions): Promise<readonly Operation[]> {
  const running = new Set<number>();
  try {
    const shared = Array.from({ length: options.sharedContainers }, (_, index) => `s${index}`);
    const all = Array.from({ length: options.clients }, (_, client) => runClient(client, { options, shared, running }));
    const histories = await Promise.all(all);
    return histories.flat();
  } finally {
    for (const pid of running) process.kill(pid, "SIGKILL");
  }
}

/** What the ledger holds, by container. */
export function heldByContainer(folder: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    readLedger(folder).map(({ key, addresses }) => [key.containerID, addresses.map((address) => address.split("/")[0] ?? address)]),
  );
}

interface Surroundings {
  readonly options: StormOptions;
  readonly shared: readonly string[];
  readonly running: Set<number>;
}

async function runClient(client: number, { options, shared, running }: Surroundings): Promise<readonly Operation[]> {
  const { folder, scratch, seed, operations, clients, ownContainers, meanLife, pool } = options;
  const story = join(scratch, `story-${client}`);
  const containers = Array.from({ length: ownContainers }, (_, index) => `c${client}x${index}`);
  const share = Math.ceil(operations / clients);
  const exits: number[] = [];
  for (let life = 0, left = share; left > 0; life++) {
    const killedAfter = 1 + Math.floor(Math.random() * 2 * meanLife);
    const order = { folder, story, seed: seed + 1000 * client + life, operations: left, killedAfter, containers, shared, pool };
    await runLife(order, running);
    exits.push(Number(process.hrtime.bigint()));
    left = share - commandsIn(story);
  }
  const text = readFileSync(story, "utf8");
  return readStory(text, (began) => exits.find((exit) => exit >= began) ?? Number.POSITIVE_INFINITY);
}

function commandsIn(story: string): number {
  if (!existsSync(story)) return 0;
  return readFileSync(story, "utf8").split("\nbegan ").length;
}

/** One process: to the end of its commands, or killed. */
function runLife(order: ClientOrder, running: Set<number>): Promise<void> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [CLIENT, JSON.stringify(order)], { stdio: ["ignore", "ignore", "pipe"] });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (pid !== undefined) running.delete(pid);
      if (code === 0 || signal === "SIGKILL") settle();
      else reject(new Error(`a client of the storm ended with ${code ?? signal}: ${said}`));
    });
  });
}
