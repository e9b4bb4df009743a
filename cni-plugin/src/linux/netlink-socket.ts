import { closeSync } from "node:fs";
import { type CodeEntry, PharosError } from "@pharos/base/errors";
import {
  attributesOf,
  type BatchPart,
  batchOf,
  errnoName,
  errnoOf,
  messagesOf,
  type NetlinkMessage,
  NLM_F,
  NLMSG,
  textOf,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_BUSY, PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import { type Libc, lastErrorName } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** Netlink families. */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
const MSG_DONTWAIT = 0x40;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const NETLINK_CAP_ACK = 10;
const NETLINK_GET_STRICT_CHK = 12;
const NLMSGERR_ATTR_MSG = 1;
const ERROR_TLVS = 0x200;
/** `struct nlmsgerr` with the capped header. */
const NLMSGERR_BYTES = 20;
const RECEIVE_BYTES = 1 << 18;
const DUMP_TRIES = 5;
/** What the kernel says when it has no room now; the same request may succeed a moment later. */
const TRANSIENT: readonly string[] = ["EAGAIN", "EBUSY", "EINTR", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/** A request and what it is for, in words for an error message. */
export interface NetlinkRequest {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Refusals that count as success, by name: `EEXIST`. */
  readonly tolerate?: readonly string[];
}

/** Why the kernel did not carry out a transaction. */
export interface Refusal {
  /** Name of the error number: `ENOENT`. */
  readonly error: string;
  /** The request that was refused. */
  readonly what: string;
}

/**
 * A synchronous netlink socket of the network namespace in which it was opened. The kernel answers while `send` runs,
 * so a following `recv` never waits.
 */
export class NetlinkSocket {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #buffer = Buffer.alloc(RECEIVE_BYTES);
  #sequence = 0;

  constructor(libc: Libc, family: number = NETLINK_ROUTE) {
    this.#libc = libc;
    this.#descriptor = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, family);
    if (this.#descriptor < 0) throw failedCall("cannot open a netlink socket", "socket");
    const one = Buffer.from([1, 0, 0, 0]);
    // Errors tell more, listings hold only what was asked for; kernels before 4.12 and 5.0 refuse them, which is no harm.
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK])
      libc.setsockopt(this.#descriptor, SOL_NETLINK, option, one, 4);
  }

  /**
   * Sends all requests in one call and reads their answers. Throws the first refusal that is not tolerated. The kernel carries out one
   * after the other, whatever became of those before, and tells refusals in any case: so only the last needs to be acknowledged.
   */
  exchange(requests: readonly NetlinkRequest[]): readonly (readonly NetlinkMessage[])[] {
    if (requests.length === 0) return [];
    const last = requests.length - 1;
    const first = this.#send(requests.map(({ bytes }, index) => ({ bytes, flags: index === last ? NLM_F.ACK : 0 })));
    const replies: NetlinkMessage[][] = requests.map(() => []);
    const refusals = new Map<number, NetlinkMessage>();
    for (let isOpen = true; isOpen; ) {
      for (const reply of this.#receive()) {
        const index = reply.sequence - first;
        // Answers to an earlier request are still there when the reading of them failed.
        if (index < 0) continue;
        if (reply.type !== NLMSG.ERROR) replies[index]?.push(reply);
        else {
          if (errnoOf(reply) !== 0) refusals.set(index, reply);
          if (index === last) isOpen = false;
        }
      }
    }
    requests.forEach((request, index) => {
      const refusal = refusals.get(index);
      if (refusal !== undefined) throwUnlessTolerated(request, refusal);
    });
    return replies;
  }

  /**
   * Sends requests as one transaction of nftables, framed by `begin` and `end`.
   * @returns the name of the error that stopped it and the request that it was for; undefined when all is done.
   */
  transact(
    requests: readonly NetlinkRequest[],
    { begin, end }: { readonly begin: Uint8Array; readonly end: Uint8Array },
  ): Refusal | undefined {
    const first = this.#send([{ bytes: begin }, ...requests.map(({ bytes }) => ({ bytes, flags: NLM_F.ACK })), { bytes: end }]);
    let open = requests.length;
    let refusal: Refusal | undefined;
    while (open > 0) {
      for (const reply of this.#receive(MSG_DONTWAIT)) {
        if (reply.sequence < first) continue;
        const errno = errnoOf(reply) ?? 0;
        const request = requests[reply.sequence - first - 1];
        if (errno !== 0) refusal ??= { error: errnoName(errno), what: request?.what ?? "the whole transaction" };
        // An answer to the frame means that the rest gets none.
        open = request === undefined ? 0 : open - 1;
      }
    }
    return refusal;
  }

  /** Reads all objects of a dump request; again when the kernel says that the listing changed under way. */
  dump(request: NetlinkRequest): readonly NetlinkMessage[] {
    for (let attempt = 0; attempt < DUMP_TRIES; attempt++) {
      const { messages, torn } = this.#dumpOnce(request);
      if (!torn) return messages;
    }
    throw new PharosError(PLUGIN_KERNEL_REFUSED, `${request.what}: the listing changed ${DUMP_TRIES} times while it was read`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #dumpOnce(request: NetlinkRequest): { messages: readonly NetlinkMessage[]; torn: boolean } {
    this.#send([request]);
    const messages: NetlinkMessage[] = [];
    let torn = false;
    for (;;) {
      for (const reply of this.#receive()) {
        if (reply.sequence !== this.#sequence) continue;
        torn ||= (reply.flags & NLM_F.DUMP_INTR) !== 0;
        if (reply.type === NLMSG.ERROR) throwUnlessTolerated(request, reply);
        if (reply.type === NLMSG.DONE || reply.type === NLMSG.ERROR) return { messages, torn };
        messages.push(reply);
      }
    }
  }

  /** Sends messages in one call. @returns the sequence number of the first. */
  #send(messages: readonly BatchPart[]): number {
    const first = this.#sequence + 1;
    const bytes = batchOf(messages, first);
    this.#sequence += messages.length;
    if (this.#libc.send(this.#descriptor, bytes, bytes.length, 0) !== bytes.length) throw failedCall("cannot send to the kernel", "send");
    return first;
  }

  #receive(flags = 0): NetlinkMessage[] {
    const length = this.#libc.recv(this.#descriptor, this.#buffer, this.#buffer.length, flags);
    if (length < 0) throw failedCall("cannot receive from the kernel", "recv");
    return messagesOf(Buffer.from(this.#buffer.subarray(0, Number(length))));
  }
}

/** A refusal's entry by the name of its error number: whether it helps to ask again. */
export function kernelCodeOf(error: string): CodeEntry {
  return TRANSIENT.includes(error) ? PLUGIN_KERNEL_BUSY : PLUGIN_KERNEL_REFUSED;
}

/** The error of the last failed call of libc. */
function failedCall(what: string, call: string): PharosError {
  const name = lastErrorName();
  return new PharosError(kernelCodeOf(name), what, { cause: new Error(`${call}: ${name}`) });
}

function throwUnlessTolerated({ what, tolerate = [] }: NetlinkRequest, reply: NetlinkMessage): void {
  const errno = errnoOf(reply) ?? 0;
  const name = errnoName(errno);
  if (errno === 0 || tolerate.includes(name)) return;
  const text = (reply.flags & ERROR_TLVS) === 0 ? undefined : textOf(attributesOf(reply.body, NLMSGERR_BYTES), NLMSGERR_ATTR_MSG);
  throw new PharosError(kernelCodeOf(name), `${what}: ${name}${text === undefined ? "" : `, ${text}`}`);
}
