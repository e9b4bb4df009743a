import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import type { RawNetlinkSocket } from "netlink/dist/raw.js";
import { KERNEL_CODES } from "../codes.ts";
import { NLM_F, NLMSG, RTM } from "./constants.ts";
import { encodeLinkDelete, encodeLinkDump } from "./link-message.ts";
import { batchOf, message, messagesOf, type NetlinkMessage } from "./message.ts";
import { isRefusal } from "./netlink-error.ts";
import { type NetlinkTransport, type RawSocket, transportOn } from "./transport.ts";

/** A socket whose kernel answers each message with what `answer` says. */
function scripted(answer: (request: NetlinkMessage, attempt: number) => readonly Uint8Array[]): {
  transport: NetlinkTransport;
  fail: (error: Error) => void;
} {
  const events = new EventEmitter();
  let attempts = 0;
  const socket: RawSocket = {
    on(event, listener) {
      events.on(event, listener);
      return this as RawNetlinkSocket;
    },
    send(bytes) {
      const requests = messagesOf(Buffer.concat([bytes].flat()));
      queueMicrotask(() => {
        for (const request of requests) {
          const replies = answer(request, ++attempts).map((reply) => batchOf([{ bytes: reply }], request.sequence));
          if (replies.length > 0) events.emit("message", Buffer.concat(replies), { port: 0, groups: 0 });
        }
      });
    },
    close: () => {},
  };
  return { transport: transportOn(socket), fail: (error) => void events.emit("error", error) };
}

function ack(errno: number): Uint8Array {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(-errno);
  return message(NLMSG.ERROR, 0, [payload]);
}

const link = message(RTM.NEWLINK, NLM_F.MULTI, [Buffer.alloc(16)]);
const done = (flags = 0): Uint8Array => message(NLMSG.DONE, NLM_F.MULTI | flags, [Buffer.alloc(4)]);

describe("a netlink transport", () => {
  test("asks for an acknowledgement and waits for it", async () => {
    const flags: number[] = [];
    const { transport } = scripted((request) => {
      flags.push(request.flags);
      return [ack(0)];
    });
    expect(await transport.request([encodeLinkDelete({ index: 1 }), encodeLinkDelete({ index: 2 })])).toEqual([]);
    expect(flags).toEqual([NLM_F.REQUEST | NLM_F.ACK, NLM_F.REQUEST | NLM_F.ACK]);
  });

  test("tells by name what the kernel refused, after all have been answered", async () => {
    const { transport } = scripted((_, attempt) => [ack(attempt === 1 ? 17 : 0)]);
    const error = await transport
      .request([encodeLinkDelete({ index: 1 }), encodeLinkDelete({ index: 2 })])
      .catch((reason: unknown) => reason);
    expect([isRefusal(error, "EEXIST"), isRefusal(error, "ENODEV")]).toEqual([true, false]);
  });

  test("takes a torn listing again and returns only the whole one", async () => {
    const { transport } = scripted((_, attempt) => (attempt === 1 ? [link, link, done(NLM_F.DUMP_INTR)] : [link, done()]));
    expect(await transport.dump(encodeLinkDump())).toHaveLength(1);
  });

  test("gives up a listing that is torn each time", async () => {
    const { transport } = scripted(() => [link, done(NLM_F.DUMP_INTR)]);
    await expect(transport.dump(encodeLinkDump())).rejects.toMatchObject({ code: KERNEL_CODES.dumpTorn.code });
  });

  test("runs listings one after the other, also after one that failed", async () => {
    const { transport } = scripted((_, attempt) => (attempt === 1 ? [ack(1)] : [link, done()]));
    const [first, second] = await Promise.allSettled([transport.dump(encodeLinkDump()), transport.dump(encodeLinkDump())]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
  });

  test("fails all that wait when answers are lost", async () => {
    const { transport, fail } = scripted(() => []);
    const waiting = [transport.request([encodeLinkDelete({ index: 1 })]), transport.dump(encodeLinkDump())];
    setImmediate(() => fail(new Error("ENOBUFS")));
    for (const answer of await Promise.allSettled(waiting)) {
      expect(answer).toMatchObject({ status: "rejected", reason: { code: KERNEL_CODES.netlinkBroken.code } });
    }
  });

  test("fails what waits when it is closed", async () => {
    const { transport } = scripted(() => []);
    const waiting = transport.request([encodeLinkDelete({ index: 1 })]);
    transport.close();
    await expect(waiting).rejects.toMatchObject({ code: KERNEL_CODES.netlinkBroken.code });
  });
});
