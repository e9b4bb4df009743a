// A client of a storm: attaches and detaches by the ledger as the plugin does, and writes down what it saw. Killed at any moment.
import { closeSync, openSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { hasCode } from "@pharos/base";
import { type AttachmentLedger, withAttachment, withMaintenance } from "../attachment-ledger.ts";
import { LEDGER_BUSY } from "../codes.ts";
import type { LedgerView } from "../contents.ts";
import type { AttachmentKey, LedgerEntry } from "../entry.ts";
import type { LedgerChange } from "../transaction.ts";
import { type ClientOrder, type StormPool, storyLine } from "./story.ts";

const order: ClientOrder = JSON.parse(process.argv[2] ?? "");
const { folder, story, seed, operations, killedAfter, containers, shared, pool } = order;

/** Share of commands that are maintenance, and of ADDs whose part in the kernel fails. */
const MAINTENANCE = 0.03;
const FAILING = 0.05;
/** Longest time of the part in the kernel. */
const WORK_MS = 0.5;

/** Mulberry32: the same seed gives the same sequence. */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const descriptor = openSync(story, "a");
const cell = new Int32Array(new SharedArrayBuffer(4));
let last = 0;

function told(line: string): void {
  writeSync(descriptor, line);
}

/** The kernel's clock, which is one for all processes. */
function now(): number {
  return Number(process.hrtime.bigint());
}

function work(): void {
  if (random() < 0.5) Atomics.wait(cell, 0, 0, random() * WORK_MS);
}

function keyOf(containerID: string): AttachmentKey {
  return { network: pool.network, containerID, ifname: "eth0" };
}

function entryOf(containerID: string, address: string): LedgerEntry {
  return {
    key: keyOf(containerID),
    bridge: pool.bridge,
    addresses: [`${address}/24`],
    hostName: `st${containerID}`,
    mac: "02:00:00:00:00:01",
    bootId: pool.bootId,
  };
}

function decide(containerID: string, held: LedgerView): readonly [LedgerChange, string | undefined] {
  const own = held.find(keyOf(containerID))?.addresses[0]?.split("/")[0];
  if (own !== undefined) return [{}, own];
  const taken = held.addressesOn(pool.bridge, pool.bootId);
  const address = inTurn(pool, held).find((candidate) => !taken.has(candidate));
  if (address === undefined) return [{}, undefined];
  const turns = [{ bridge: pool.bridge, range: pool.addresses[0] ?? "", address }];
  return [{ put: [entryOf(containerID, address)], turns }, address];
}

function inTurn({ addresses, bridge }: StormPool, held: LedgerView): readonly string[] {
  const [former = ""] = held.lastOf(bridge);
  const next = addresses.indexOf(former) + 1;
  return [...addresses.slice(next), ...addresses.slice(0, next)];
}

function attach(containerID: string, ledger: AttachmentLedger): string {
  const address = ledger.reserve((held) => decide(containerID, held));
  if (address === undefined) return "exhausted";
  work();
  if (random() >= FAILING) return `added ${address}`;
  ledger.release([keyOf(containerID)]);
  return "deleted";
}

function detach(containerID: string, ledger: AttachmentLedger): string {
  const found = ledger.read().find(keyOf(containerID));
  work();
  if (found !== undefined) ledger.release([found.key]);
  return "deleted";
}

/** Garbage are all that this client alone uses. */
function collect(): string {
  withMaintenance({ folder }, (ledger) => {
    const garbage = ledger.reclaimable().filter(({ key }) => containers.includes(key.containerID));
    ledger.release(garbage.map(({ key }) => key));
  });
  return "deleted";
}

/** On a machine that has no time for us the wait for a lock may come to its end; whatever was done then may have been taken back. */
function orBusy(command: () => string): string {
  try {
    return command();
  } catch (error) {
    if (hasCode(error, LEDGER_BUSY)) return "busy";
    throw error;
  }
}

/** Kills this process some time after `done` has come to `killedAfter`: from a thread of its own, so that it hits at whatever step. */
const KILLER = `
  const { done, killedAfter, delayMs } = require("node:worker_threads").workerData;
  for (let seen = 0; seen < killedAfter; seen = Atomics.load(done, 0)) Atomics.wait(done, 0, seen);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  process.kill(process.pid, "SIGKILL");
`;
const done = new Int32Array(new SharedArrayBuffer(4));
const DELAY_MS = 3;
if (killedAfter < operations) new Worker(KILLER, { eval: true, workerData: { done, killedAfter, delayMs: random() * DELAY_MS } }).unref();

for (let turn = 0; turn < operations; turn++) {
  Atomics.store(done, 0, turn);
  Atomics.notify(done, 0);
  if (random() < MAINTENANCE) {
    for (const containerID of containers) told(storyLine.began(`${++last}.${containerID}`, containerID, "del", now()));
    const first = last - containers.length + 1;
    const end = orBusy(collect);
    for (const [index, containerID] of containers.entries()) told(storyLine.ended(`${first + index}.${containerID}`, now(), end));
    continue;
  }
  const all = [...containers, ...shared];
  const containerID = all[Math.floor(random() * all.length)] ?? "";
  const verb = random() < 0.55 ? "add" : "del";
  const name = `${++last}.${containerID}`;
  told(storyLine.began(name, containerID, verb, now()));
  const end = orBusy(() =>
    withAttachment({ folder, containerID }, (ledger) => (verb === "add" ? attach(containerID, ledger) : detach(containerID, ledger))),
  );
  told(storyLine.ended(name, now(), end));
}
closeSync(descriptor);
