import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { impossibilities } from "./history.ts";
import { heldByContainer, runStorm } from "./run-storm.ts";

const COUNT = Number(process.env.N ?? "10000");
const CLIENTS = COUNT > 10_000 ? 16 : 8;
const CAPACITY = 12;
/** In memory where there is such a place: a disk that is busy with other work would make the commands slow, and few. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

test(
  `${COUNT} commands of ${CLIENTS} clients on ${CAPACITY} addresses, clients killed again and again: no address twice, exhausted only when full, nothing lost`,
  async () => {
    const folder = mkdtempSync(join(PLACE, "pharos-storm-"));
    const seed = Date.now() % 2 ** 31;
    try {
      mkdirSync(join(folder, "stories"));
      const history = await runStorm({
        folder: join(folder, "ledger"),
        scratch: join(folder, "stories"),
        seed,
        clients: CLIENTS,
        operations: COUNT,
        ownContainers: 2,
        sharedContainers: CLIENTS / 2,
        meanLife: COUNT > 10_000 ? 3000 : 150,
        pool: {
          network: "pods",
          bridge: "br0",
          bootId: "boot",
          addresses: Array.from({ length: CAPACITY }, (_, index) => `10.0.0.${index + 2}`),
        },
      });
      expect({ seed, found: impossibilities(history, { capacity: CAPACITY, left: heldByContainer(join(folder, "ledger")) }) }).toEqual({
        seed,
        found: [],
      });
      const kinds = Map.groupBy(history, ({ end }) => end.kind);
      expect([...kinds.keys()].sort()).toEqual(["added", "deleted", "exhausted", "unknown"]);
      expect(history.length).toBeGreaterThanOrEqual(COUNT);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000 + COUNT * 20,
);
