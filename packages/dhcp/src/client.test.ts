import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Client, deadlineOf, discover, passTime, rebind, reboot, receive, renew, type Step } from "./client.ts";
import { decodeMessage } from "./decode-message.ts";
import { encodeMessage } from "./encode-message.ts";
import { BROADCAST_MAC, encodeFrame, type UdpFrame } from "./frame.ts";
import { type Lease, leaseTimes } from "./lease.ts";
import type { DhcpMessage, DhcpOptions } from "./message.ts";
import { type ClientSettings, releaseOf } from "./requests.ts";

const SERVER_MAC = "02:00:00:00:00:fe";
const settings: ClientSettings = {
  mac: "02:00:00:00:00:01",
  clientId: Uint8Array.of(0, 1, 2),
  hostName: "web-0",
  xid: 7,
  jitter: 0.5,
  totalMs: 9000,
  isTaken: () => false,
};
const lease: Lease = {
  address: "10.4.0.5/24",
  server: "10.4.0.1",
  serverMac: SERVER_MAC,
  startMs: 0,
  seconds: 600,
  renewSeconds: 300,
  rebindSeconds: 525,
  gateway: "10.4.0.1",
  routes: [],
  nameservers: [],
};

interface Reply {
  readonly type: DhcpMessage["type"];
  readonly yiaddr?: string;
  readonly server?: string;
  readonly options?: DhcpOptions;
  /** Milliseconds until it arrives. */
  readonly after?: number;
  readonly xid?: number;
}

/** What a server says to the nth message (from 1). */
type Server = (message: DhcpMessage, count: number) => readonly Reply[];

const honest: Server = ({ type }) => (type === "discover" ? [{ type: "offer" }] : type === "request" ? [{ type: "ack" }] : []);

function replyBytes(to: DhcpMessage, { type, yiaddr = "10.4.0.5", server = "10.4.0.1", options = {}, xid = to.xid }: Reply): Uint8Array {
  const given = type === "nak" ? {} : { leaseSeconds: 600, prefixLength: 24, routers: ["10.4.0.1"] };
  const message: DhcpMessage = {
    ...to,
    op: "reply",
    type,
    xid,
    yiaddr: type === "nak" ? "0.0.0.0" : yiaddr,
    options: { serverId: server, ...given, ...options },
  };
  const ends = {
    sourceMac: SERVER_MAC,
    destinationMac: to.chaddr,
    source: server,
    destination: yiaddr,
    sourcePort: 67,
    destinationPort: 68,
  };
  return encodeFrame({ ...ends, payload: encodeMessage(message) });
}

function textOf({ destinationMac, source, destination, payload }: UdpFrame): string {
  const { type, xid, ciaddr, options } = decodeMessage(payload);
  const facts = [
    options.requestedAddress === undefined ? "" : ` wants ${options.requestedAddress}`,
    options.serverId === undefined ? "" : ` of ${options.serverId}`,
    ciaddr === "0.0.0.0" ? "" : ` has ${ciaddr}`,
  ];
  const to =
    destinationMac === BROADCAST_MAC ? (destination === "255.255.255.255" ? "" : ` to ${destination} by broadcast`) : ` to ${destination}`;
  return `${type} ${xid}${facts.join("")}${source === "0.0.0.0" ? "" : ` from ${source}`}${to}`;
}

/** Plays an exchange to its end; what was sent when, as text, and how it ended. */
function play(begin: Step, server: Server, own: ClientSettings = settings): { log: readonly string[]; client: Client; endMs: number } {
  const log: string[] = [];
  const arrivals: { at: number; bytes: Uint8Array }[] = [];
  let count = 0;
  let now = 0;
  let { client } = begin;
  const take = (step: Step) => {
    client = step.client;
    for (const frame of step.sends) {
      log.push(`${Math.round(now)} ${textOf(frame)}`);
      const message = decodeMessage(frame.payload);
      for (const reply of server(message, ++count)) arrivals.push({ at: now + (reply.after ?? 1), bytes: replyBytes(message, reply) });
      arrivals.sort((a, b) => a.at - b.at);
    }
  };
  take(begin);
  for (let deadline = deadlineOf(client, own); deadline !== undefined; deadline = deadlineOf(client, own)) {
    const [next] = arrivals;
    if (next !== undefined && next.at <= deadline) {
      arrivals.shift();
      now = next.at;
      take(receive(client, own, now, next.bytes));
    } else {
      now = deadline;
      take(passTime(client, own, now));
    }
  }
  return { log, client, endMs: now };
}

describe("a client without an address", () => {
  test("takes the offer and has a lease that began with its request", () => {
    const { log, client } = play(discover(settings, 0), honest);
    expect(log).toEqual(["0 discover 7", "1 request 7 wants 10.4.0.5 of 10.4.0.1"]);
    expect(client).toEqual({ kind: "bound", lease: { ...lease, startMs: 1 } });
  });

  test("asks again after 0.5, 1, 2 and 4 seconds and then gives up, saying that nobody answered", () => {
    const { log, client, endMs } = play(discover(settings, 0), () => []);
    expect(log).toEqual(["0 discover 7", "500 discover 7", "1500 discover 7", "3500 discover 7", "7500 discover 7"]);
    expect(client).toEqual({ kind: "failed", isSilent: true, said: "" });
    expect(endMs).toBe(9000);
  });

  test("takes an offer that comes late, to its first question", () => {
    const { client } = play(discover(settings, 0), ({ type }, count) =>
      count === 1 ? [{ type: "offer", after: 3200 }] : type === "request" ? [{ type: "ack" }] : [],
    );
    expect(client.kind).toBe("bound");
  });

  test("asks for the address that it is told to, and takes another one", () => {
    const { log, client } = play(discover(settings, 0, "10.4.0.9"), honest);
    expect(log[0]).toBe("0 discover 7 wants 10.4.0.9");
    expect(client).toMatchObject({ kind: "bound", lease: { address: "10.4.0.5/24" } });
  });

  test("waits for the one address that it may have, and says what was offered instead", () => {
    const own = { ...settings, only: "10.4.0.9" };
    const { client } = play(discover(own, 0, own.only), honest, own);
    expect(client).toEqual({ kind: "failed", isSilent: false, said: "10.4.0.1 offers 10.4.0.5 instead of 10.4.0.9" });
  });

  test("looks for a server anew when the chosen one refuses or falls silent", () => {
    const naks: Server = (message, count) =>
      count === 2 ? [{ type: "nak", options: { message: "pool changed" } }] : honest(message, count);
    expect(play(discover(settings, 0), naks).log).toEqual([
      "0 discover 7",
      "1 request 7 wants 10.4.0.5 of 10.4.0.1",
      "2 discover 8",
      "3 request 8 wants 10.4.0.5 of 10.4.0.1",
    ]);
    const mute: Server = ({ type, xid }) =>
      type === "discover" ? [{ type: "offer", server: xid === 7 ? "10.4.0.3" : "10.4.0.1" }] : xid === 7 ? [] : [{ type: "ack" }];
    const { log, client } = play(discover({ ...settings, totalMs: 20_000 }, 0), mute, { ...settings, totalMs: 20_000 });
    expect(log.slice(-2)).toEqual(["7501 discover 8", "7502 request 8 wants 10.4.0.5 of 10.4.0.1"]);
    expect(client.kind).toBe("bound");
  });

  test("hears only the server whose offer it took", () => {
    const two: Server = ({ type }) =>
      type === "discover"
        ? [{ type: "offer" }, { type: "offer", server: "10.4.0.2", yiaddr: "10.4.0.77" }]
        : [
            { type: "nak", server: "10.4.0.2" },
            { type: "ack", server: "10.4.0.2", yiaddr: "10.4.0.77" },
            { type: "ack", after: 5 },
          ];
    expect(play(discover(settings, 0), two).client).toMatchObject({ kind: "bound", lease: { address: "10.4.0.5/24", server: "10.4.0.1" } });
  });

  test("declines an address that another one has, and gets the next", () => {
    const own = { ...settings, isTaken: (address: string) => address === "10.4.0.5" };
    const next: Server = ({ type, xid }) =>
      honest({ type } as DhcpMessage, 0).map((reply) => ({ ...reply, yiaddr: xid === 7 ? "10.4.0.5" : "10.4.0.6" }));
    const { log, client } = play(discover(own, 0), next, own);
    expect(log.slice(2)).toEqual(["2 decline 7 wants 10.4.0.5 of 10.4.0.1", "2 discover 8", "3 request 8 wants 10.4.0.6 of 10.4.0.1"]);
    expect(client).toMatchObject({ kind: "bound", lease: { address: "10.4.0.6/24" } });
  });

  test("ends when a server gives taken addresses for ever", () => {
    const own = { ...settings, isTaken: () => true };
    const { log, client } = play(discover(own, 0), honest, own);
    expect(log.filter((line) => line.includes("decline"))).toHaveLength(4);
    expect(client).toEqual({ kind: "failed", isSilent: false, said: "10.4.0.1 gives 10.4.0.5, which another pod has" });
  });

  test.each([
    ["without a lease time", { leaseSeconds: 0 }],
    ["of the subnet's broadcast address", { prefixLength: 30, leaseSeconds: 60 }],
  ])("does not take an acknowledgement %s", (_, options) => {
    const bad: Server = ({ type }) => [{ type: type === "discover" ? "offer" : "ack", yiaddr: "10.4.0.7", options }];
    expect(play(discover(settings, 0), bad).client).toMatchObject({
      kind: "failed",
      said: expect.stringContaining("10.4.0.7 that cannot be used"),
    });
  });

  test("does not hear answers to others", () => {
    const foreign: Server = ({ type }) => [{ type: type === "discover" ? "offer" : "ack", xid: 99 }];
    expect(play(discover(settings, 0), foreign).client).toEqual({ kind: "failed", isSilent: true, said: "" });
  });
});

describe("a client that had an address", () => {
  test("gets it confirmed by a single question", () => {
    const { log, client } = play(reboot(settings, 0, "10.4.0.5"), honest);
    expect(log).toEqual(["0 request 7 wants 10.4.0.5"]);
    expect(client.kind).toBe("bound");
  });

  test("looks for another when it is refused, and asks for it again by DISCOVER when nobody knows", () => {
    const nak: Server = (message, count) => (count === 1 ? [{ type: "nak" }] : honest(message, count));
    expect(play(reboot(settings, 0, "10.4.0.9"), nak).log).toEqual([
      "0 request 7 wants 10.4.0.9",
      "1 discover 8",
      "2 request 8 wants 10.4.0.5 of 10.4.0.1",
    ]);
    const unknown: Server = (message, count) => (count <= 2 ? [] : honest(message, count));
    expect(play(reboot(settings, 0, "10.4.0.9"), unknown).log[2]).toBe("1500 discover 8 wants 10.4.0.9");
  });
});

describe("a client with a lease", () => {
  test("asks its server at its hardware address, then at any, from its own address", () => {
    const { log, client } = play(renew(settings, 0, lease), (message, count) => (count < 3 ? [] : honest(message, count)));
    expect(log).toEqual([
      "0 request 7 has 10.4.0.5 from 10.4.0.5 to 10.4.0.1",
      "500 request 7 has 10.4.0.5 from 10.4.0.5 to 10.4.0.1 by broadcast",
      "1500 request 7 has 10.4.0.5 from 10.4.0.5 to 10.4.0.1 by broadcast",
    ]);
    expect(client).toEqual({ kind: "bound", lease });
  });

  test("asks all servers when it rebinds, and takes the answer of another one", () => {
    const { log, client } = play(rebind(settings, 0, lease), () => [{ type: "ack", server: "10.4.0.2" }]);
    expect(log).toEqual(["0 request 7 has 10.4.0.5 from 10.4.0.5"]);
    expect(client).toMatchObject({ kind: "bound", lease: { server: "10.4.0.2", address: "10.4.0.5/24" } });
  });

  test("has lost it when a server says so, and not when nobody answers", () => {
    expect(play(renew(settings, 0, lease), () => [{ type: "nak" }]).client).toEqual({ kind: "lost", said: "10.4.0.1 refuses" });
    expect(play(renew(settings, 0, lease), () => []).client).toMatchObject({ kind: "failed", isSilent: true });
  });

  test("does not let a server change the address under it", () => {
    expect(play(renew(settings, 0, lease), () => [{ type: "ack", yiaddr: "10.4.0.6" }]).client).toMatchObject({
      kind: "failed",
      isSilent: false,
    });
  });

  test("gives it back to its server", () => {
    expect(textOf(releaseOf(settings, lease))).toBe("release 7 of 10.4.0.1 has 10.4.0.5 from 10.4.0.5 to 10.4.0.1");
  });
});

test("whatever is heard in whatever order, an exchange ends in time and after a bounded number of messages", () => {
  const reply = fc.record({
    type: fc.constantFrom("offer" as const, "ack" as const, "nak" as const, "release" as const),
    yiaddr: fc.constantFrom("10.4.0.5", "10.4.0.6", "0.0.0.0", "255.255.255.255"),
    server: fc.constantFrom("10.4.0.1", "10.4.0.2"),
    after: fc.nat(3000),
  });
  const starts = fc.constantFrom(
    discover(settings, 0),
    reboot(settings, 0, "10.4.0.5"),
    renew(settings, 0, lease),
    rebind(settings, 0, lease),
  );
  fc.assert(
    fc.property(starts, fc.array(fc.array(reply, { maxLength: 4 }), { maxLength: 40 }), fc.boolean(), (begin, script, taken) => {
      const own = { ...settings, isTaken: () => taken };
      const { client, endMs, log } = play(begin, (_, count) => script[count] ?? [], own);
      expect(["bound", "lost", "failed"]).toContain(client.kind);
      expect(endMs).toBeLessThanOrEqual(9000);
      expect(log.length).toBeLessThanOrEqual(45);
      if (client.kind === "bound") expect(taken || client.lease.address.endsWith(".255/24")).toBe(false);
    }),
  );
});

describe("the times of a lease", () => {
  test("are counted from the request, and never come for one that does not end", () => {
    expect(leaseTimes({ ...lease, startMs: 5000 })).toEqual({ renewMs: 305_000, rebindMs: 530_000, endMs: 605_000 });
    expect(leaseTimes({ ...lease, seconds: 0xffff_ffff }).endMs).toBe(Number.POSITIVE_INFINITY);
  });

  test.each<[string, DhcpOptions, Partial<Lease>]>([
    ["are half and seven eighths of it where the server names none", { leaseSeconds: 80 }, { renewSeconds: 40, rebindSeconds: 70 }],
    ["are those that the server names", { leaseSeconds: 80, renewSeconds: 10, rebindSeconds: 20 }, { renewSeconds: 10, rebindSeconds: 20 }],
    [
      "are in order whatever the server names",
      { leaseSeconds: 80, renewSeconds: 90, rebindSeconds: 20 },
      { renewSeconds: 20, rebindSeconds: 20 },
    ],
  ])("%s", (_, options, expected) => {
    const server: Server = ({ type }) => [{ type: type === "discover" ? "offer" : "ack", options }];
    expect(play(discover(settings, 0), server).client).toMatchObject({ kind: "bound", lease: expected });
  });
});

describe("what comes with a lease", () => {
  const given = (options: DhcpOptions) => {
    const { client } = play(discover(settings, 0), ({ type }) => [{ type: type === "discover" ? "offer" : "ack", options }]);
    return client.kind === "bound" ? client.lease : undefined;
  };

  test("is the router and the static routes, where no classless ones are named", () => {
    const staticRoutes = [{ dst: "10.0.0.0/8", gw: "10.4.0.2" }];
    expect(given({ routers: ["192.0.2.1", "10.4.0.1"], staticRoutes })).toMatchObject({ gateway: "10.4.0.1", routes: staticRoutes });
  });

  test("is only what the classless routes name, those on the link first, without those that the kernel would refuse", () => {
    const classlessRoutes = [
      { dst: "10.9.0.0/16", gw: "192.0.2.1" },
      { dst: "0.0.0.0/0", gw: "10.4.0.254" },
      { dst: "10.8.0.0/16", gw: "10.99.0.1" },
      { dst: "224.0.0.0/4" },
      { dst: "192.0.2.1/32" },
      { dst: "10.9.0.0/16", gw: "10.4.0.3" },
    ];
    expect(given({ routers: ["10.4.0.1"], staticRoutes: [{ dst: "10.0.0.0/8", gw: "10.4.0.2" }], classlessRoutes })).toMatchObject({
      gateway: "10.4.0.254",
      routes: [{ dst: "192.0.2.1/32" }, { dst: "10.9.0.0/16", gw: "192.0.2.1" }, { dst: "0.0.0.0/0", gw: "10.4.0.254" }],
    });
  });
});
