import { expect, test } from "@jest/globals";
import { type Log, silentLog } from "@pharos/base";
import { ServerClock } from "./server-clock.ts";

const DAY = 86_400_000;

test("tells once that the clock is off, by how much and which way, and once that it agrees again", () => {
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const log: Log = { ...silentLog, info: note, warn: note };
  let now = DAY;
  const check = new ServerClock({ now: () => now }, log);
  for (const next of [DAY + 59_000, 2 * DAY, 2 * DAY, DAY, 0]) {
    now = next;
    check.heard(DAY);
  }
  check.heard(Number.NaN);
  expect(lines.map((line) => line.split(" (")[0])).toEqual([
    expect.stringMatching(/^PHAROS-3023.*86400 s ahead of the API server's/),
    "this machine's clock agrees with the API server's again",
    expect.stringMatching(/^PHAROS-3023.*86400 s behind the API server's/),
  ]);
});
