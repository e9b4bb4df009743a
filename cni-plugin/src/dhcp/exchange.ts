import { readFileSync } from "node:fs";
import { type Client, type ClientSettings, deadlineOf, encodeAnnouncement, encodeFrame, passTime, receive, type Step } from "@pharos/dhcp";
import { type PacketSocket, waitForFrames } from "./packet-socket.ts";

/** One client that is about to ask. */
export interface Exchange {
  readonly settings: ClientSettings;
  /** On the client's link. */
  readonly socket: PacketSocket;
  /** The first step, at a time of `bootTime`. */
  readonly begin: (now: number) => Step;
  /** Neighbours are told at the end who has the address now: its last holder had another hardware address. */
  readonly announces?: boolean;
}

/** Milliseconds since this boot, time asleep included: no jump of the wall clock changes it. */
export function bootTime(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000);
}

interface Running {
  readonly exchange: Exchange;
  client: Client;
}

/** Carries out all exchanges at a time, and answers how each ended, in the same order. */
export function carryOut(exchanges: readonly Exchange[]): readonly Client[] {
  const clock = steadyClock();
  const running = exchanges.map((exchange) => started(exchange, clock()));
  for (;;) {
    const open = running.flatMap((one) => {
      const deadline = deadlineOf(one.client, one.exchange.settings);
      return deadline === undefined ? [] : [{ one, deadline }];
    });
    if (open.length === 0) return running.map(({ client }) => client);
    const sockets = open.map(({ one }) => one.exchange.socket);
    waitForFrames(sockets, Math.min(...open.map(({ deadline }) => deadline)) - clock());
    for (const { one } of open) advance(one, clock);
  }
}

function started(exchange: Exchange, now: number): Running {
  const step = exchange.begin(now);
  const one = { exchange, client: step.client };
  take(one, step);
  return one;
}

function advance(one: Running, clock: () => number): void {
  const { settings, socket } = one.exchange;
  for (let frame = socket.receive(); frame !== undefined; frame = socket.receive()) {
    take(one, receive(one.client, settings, clock(), frame));
    if (deadlineOf(one.client, settings) === undefined) return;
  }
  take(one, passTime(one.client, settings, clock()));
}

function take(one: Running, { client, sends }: Step): void {
  const { socket, announces, settings } = one.exchange;
  one.client = client;
  // A frame that the link does not take is lost, as frames may be; the client sends again.
  for (const frame of sends) socket.send(encodeFrame(frame));
  if (client.kind === "bound" && announces === true) socket.send(encodeAnnouncement(settings.mac, client.lease));
}

/** `bootTime` going on from one read of it. */
function steadyClock(): () => number {
  const start = bootTime() - performance.now();
  return () => Math.round(start + performance.now());
}
