import { PharosError } from "@pharos/base";
import type { RawNetlinkSocket } from "netlink/dist/raw.js";
import { KERNEL_CODES } from "../codes.ts";
import { NLM_F, NLMSG } from "./constants.ts";
import { batchOf, errnoOf, messagesOf, type NetlinkMessage } from "./message.ts";
import { NetlinkError } from "./netlink-error.ts";
import { openGuarded } from "./overrun-guard.ts";

/** A netlink socket that asks and listens for answers. */
export interface NetlinkTransport {
  /**
   * Sends the messages, up to 64 in one system call, and waits for all acknowledgements. Each is carried out for itself: a refusal of one
   * does not stop the next. Rejects with the first NetlinkError; resolves with what the kernel answered besides.
   */
  request(messages: readonly Uint8Array[]): Promise<readonly NetlinkMessage[]>;
  /** Lists objects; a listing that the kernel marks as torn (NLM_F_DUMP_INTR) is taken again, PHAROS-2002 after 20 times. */
  dump(message: Uint8Array): Promise<readonly NetlinkMessage[]>;
  close(): void;
}

/** The largest message that the kernel builds for a dump. */
const RECEIVE_BYTES = 32768;
const DUMP_ATTEMPTS = 20;
/** Acknowledgements wait in the receive buffer while the kernel works through a batch; as many as fit with room to spare. */
const BATCH_MESSAGES = 64;
/** The kernel answers at once, unless an answer is lost. */
const ANSWER_MS = 30_000;

interface Pending {
  readonly replies: NetlinkMessage[];
  readonly dump: boolean;
  torn: boolean;
  readonly settle: (error: Error | undefined) => void;
}

/** Thrown inside this file only: the dump must be taken again. */
const TORN = new PharosError(KERNEL_CODES.dumpTorn, "the dump was interrupted");

/** The part of a raw socket that a transport needs. */
export type RawSocket = Pick<RawNetlinkSocket, "on" | "send" | "close">;

class SocketTransport implements NetlinkTransport {
  readonly #socket: RawSocket;
  readonly #pending = new Map<number, Pending>();
  #sequence = 1;
  /** The kernel runs one dump per socket at a time. */
  #lastDump: Promise<unknown> = Promise.resolve();

  constructor(socket: RawSocket) {
    this.#socket = socket;
    socket.on("message", (bytes, { port }) => {
      if (port === 0) this.#receive(bytes);
    });
    socket.on("truncatedMessage", () => this.#fail(new Error("message truncated")));
    socket.on("error", (error) => this.#fail(error));
  }

  async request(messages: readonly Uint8Array[]): Promise<readonly NetlinkMessage[]> {
    const replies: NetlinkMessage[] = [];
    const refusals: unknown[] = [];
    for (let at = 0; at < messages.length; at += BATCH_MESSAGES) {
      await this.#requestBatch(messages.slice(at, at + BATCH_MESSAGES)).then(
        (more) => replies.push(...more),
        (error: unknown) => refusals.push(error),
      );
    }
    if (refusals.length > 0) throw refusals[0];
    return replies;
  }

  async #requestBatch(messages: readonly Uint8Array[]): Promise<readonly NetlinkMessage[]> {
    const numbered = messages.map((message) => this.#numbered(message, NLM_F.ACK));
    const answers = numbered.map(({ sequence }) => this.#expect(sequence, false));
    this.#send(numbered.map(({ bytes }) => bytes));
    const settled = await Promise.allSettled(answers);
    const refused = settled.find((answer) => answer.status === "rejected");
    if (refused !== undefined) throw refused.reason;
    return settled.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  }

  dump(message: Uint8Array): Promise<readonly NetlinkMessage[]> {
    const result = this.#lastDump.then(() => this.#dumpUntilWhole(message));
    this.#lastDump = result.catch(() => undefined);
    return result;
  }

  close(): void {
    this.#fail(new Error("socket closed"));
    this.#socket.close();
  }

  async #dumpUntilWhole(message: Uint8Array): Promise<readonly NetlinkMessage[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { bytes, sequence } = this.#numbered(message, 0);
        const answer = this.#expect(sequence, true);
        this.#send([bytes]);
        return await answer;
      } catch (error) {
        if (error !== TORN || attempt === DUMP_ATTEMPTS) throw error;
      }
    }
  }

  #numbered(message: Uint8Array, flags: number): { readonly bytes: Buffer; readonly sequence: number } {
    this.#sequence = this.#sequence === 0xffffffff ? 1 : this.#sequence + 1;
    return { bytes: batchOf([{ bytes: message, flags }], this.#sequence), sequence: this.#sequence };
  }

  #send(messages: readonly Buffer[]): void {
    this.#socket.send([...messages], {}, (error) => {
      if (error !== undefined) this.#fail(error);
    });
  }

  #expect(sequence: number, dump: boolean): Promise<readonly NetlinkMessage[]> {
    return new Promise((resolve, reject) => {
      const replies: NetlinkMessage[] = [];
      const timer = setTimeout(() => this.#fail(new Error(`no answer for ${ANSWER_MS} ms`)), ANSWER_MS);
      const settle = (error: Error | undefined): void => {
        clearTimeout(timer);
        this.#pending.delete(sequence);
        if (error === undefined) resolve(replies);
        else reject(error);
      };
      this.#pending.set(sequence, { replies, dump, torn: false, settle });
    });
  }

  #receive(bytes: Buffer): void {
    for (const reply of messagesOf(bytes)) {
      const pending = this.#pending.get(reply.sequence);
      if (pending === undefined) continue;
      if ((reply.flags & NLM_F.DUMP_INTR) !== 0) pending.torn = true;
      const errno = errnoOf(reply);
      if (errno === undefined) pending.replies.push(reply);
      else if (errno !== 0) pending.settle(new NetlinkError(errno));
      else if (!pending.dump || reply.type === NLMSG.DONE) pending.settle(pending.torn ? TORN : undefined);
    }
  }

  /** A lost answer cannot be told from a late one, so all that wait are told. */
  #fail(cause: Error): void {
    for (const { settle } of [...this.#pending.values()]) {
      settle(new PharosError(KERNEL_CODES.netlinkBroken, "the netlink socket failed", { cause }));
    }
  }
}

/** A transport over an open socket, which it then owns. */
export function transportOn(socket: RawSocket): NetlinkTransport {
  return new SocketTransport(socket);
}

/** Opens a socket in the network namespace of the calling thread. `protocol` is the netlink family, 0 for routing. */
export function openTransport(protocol = 0): NetlinkTransport {
  const options = { messagePeeking: false, msgBufferSize: RECEIVE_BYTES, recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 };
  return transportOn(openGuarded(protocol, options).socket);
}
