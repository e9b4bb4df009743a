import { readFileSync } from "node:fs";
import { type Client, type ClientSettings, deadlineOf, encodeFrame, passTime, receive, type Step } from "@pharos/dhcp";
import { bindPacketCalls } from "./packet-calls.ts";
import { PacketSocket, waitForFrames } from "./packet-socket.ts";

/** One client, and how to open its socket. */
export interface Exchange {
  readonly settings: ClientSettings;
  /** The first step, at a time of `bootTime`. */
  readonly begin: (now: number) => Step;
  /** Index of the link. */
  readonly index: number;
  /** Runs `work` with this thread in the link's network namespace. */
  readonly inside: <T>(work: () => T) => T;
}

/** Milliseconds since this boot, time asleep included: no jump of the wall clock changes it. */
export function bootTime(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000);
}

interface Running {
  readonly exchange: Exchange;
  readonly socket: PacketSocket;
  client: Client;
}

/** Carries out all exchanges at a time, and answers how each ended, in the same order. */
export function carryOut(exchanges: readonly Exchange[]): readonly Client[] {
  const calls = bindPacketCalls();
  const running: Running[] = [];
  const clock = steadyClock();
  try {
    for (const exchange of exchanges) {
      const socket = exchange.inside(() => new PacketSocket(calls, exchange.index));
      const one: Running = { exchange, socket, client: { kind: "failed", isSilent: true, said: "" } };
      running.push(one);
      take(one, exchange.begin(clock()));
    }
    for (;;) {
      const open = running.flatMap((one) => {
        const deadline = deadlineOf(one.client, one.exchange.settings);
        return deadline === undefined ? [] : [{ one, deadline }];
      });
      if (open.length === 0) return running.map(({ client }) => client);
      waitForFrames(
        calls,
        open.map(({ one }) => one.socket),
        Math.min(...open.map(({ deadline }) => deadline)) - clock(),
      );
      for (const { one } of open) advance(one, clock);
    }
  } finally {
    for (const { socket } of running) socket.close();
  }
}

function advance(one: Running, clock: () => number): void {
  const { settings } = one.exchange;
  for (let frame = one.socket.receive(); frame !== undefined; frame = one.socket.receive()) {
    take(one, receive(one.client, settings, clock(), frame));
    if (deadlineOf(one.client, settings) === undefined) return;
  }
  take(one, passTime(one.client, settings, clock()));
}

function take(one: Running, { client, sends }: Step): void {
  one.client = client;
  for (const frame of sends) one.socket.send(encodeFrame(frame));
}

/** `bootTime` between two reads of it, without a file read for each. */
function steadyClock(): () => number {
  const start = bootTime() - performance.now();
  return () => start + performance.now();
}
