import { closeSync } from "node:fs";
import { PharosError } from "@pharos/base/errors";
import { CLIENT_PORT } from "@pharos/dhcp";
import { errnoName } from "@pharos/kernel/netlink";
import koffi from "koffi";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import { bindPacketCalls, type PacketCalls } from "./packet-calls.ts";

const AF_PACKET = 17;
const AF_INET = 2;
const SOCK_RAW = 3;
const SOCK_DGRAM = 2;
const CLOEXEC_NONBLOCK = 0o2004000;
const ETH_P_IP = 0x0800;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const FRAME_BYTES = 1 << 16;
const POLLIN = 1;
/** `struct pollfd`. */
const POLLFD_BYTES = 8;
const EINTR = 4;

/**
 * Classic BPF (linux/filter.h) that passes whole UDP datagrams to the client's port, and nothing else of a busy pod's traffic: code,
 * jump when true, jump when false, operand.
 */
const FILTER: readonly (readonly [number, number, number, number])[] = [
  [0x28, 0, 0, 12],
  [0x15, 0, 8, ETH_P_IP],
  [0x30, 0, 0, 23],
  [0x15, 0, 6, 17],
  [0x28, 0, 0, 20],
  [0x45, 4, 0, 0x3fff],
  [0xb1, 0, 0, 14],
  [0x48, 0, 0, 16],
  [0x15, 0, 1, CLIENT_PORT],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
];

/** A socket that sends and receives DHCP frames of one link, in the network namespace in which it was opened. */
export class PacketSocket {
  readonly descriptor: number;
  readonly #calls: PacketCalls;
  readonly #buffer = Buffer.alloc(FRAME_BYTES);
  readonly #sink: number;

  /** To be called with this thread in the link's namespace. PHAROS-5006 when the kernel refuses. */
  constructor(index: number) {
    const calls = bindPacketCalls();
    this.#calls = calls;
    this.descriptor = required("socket", calls.socket(AF_PACKET, SOCK_RAW | CLOEXEC_NONBLOCK, 0));
    try {
      required("setsockopt", attachFilter(calls, this.descriptor));
      required("bind", calls.bind(this.descriptor, linkAddress(index), 20));
    } catch (error) {
      closeSync(this.descriptor);
      throw error;
    }
    this.#sink = openSink(calls);
  }

  /** Sends a frame; false when the link does not take it now. */
  send(frame: Uint8Array): boolean {
    return Number(this.#calls.send(this.descriptor, Buffer.from(frame), frame.length, 0)) === frame.length;
  }

  /** The next frame that has come; undefined when there is none. */
  receive(): Uint8Array | undefined {
    const length = Number(this.#calls.recv(this.descriptor, this.#buffer, this.#buffer.length, 0));
    return length < 0 ? undefined : Uint8Array.from(this.#buffer.subarray(0, length));
  }

  close(): void {
    closeSync(this.descriptor);
    if (this.#sink >= 0) closeSync(this.#sink);
  }
}

/** Waits until a frame has come to one of the sockets, at most `timeoutMs`. */
export function waitForFrames(sockets: readonly PacketSocket[], timeoutMs: number): void {
  const calls = bindPacketCalls();
  const list = Buffer.alloc(POLLFD_BYTES * sockets.length);
  sockets.forEach(({ descriptor }, index) => {
    list.writeInt32LE(descriptor, index * POLLFD_BYTES);
    list.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
  });
  const count = calls.poll(list, sockets.length, Math.max(0, Math.ceil(timeoutMs)));
  if (count < 0 && koffi.errno() !== EINTR) required("poll", count);
}

/** `struct sockaddr_ll`. */
function linkAddress(index: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_IP, 2);
  address.writeInt32LE(index, 4);
  return address;
}

function attachFilter(calls: PacketCalls, descriptor: number): number {
  const code = Buffer.alloc(FILTER.length * 8);
  FILTER.forEach(([operation, yes, no, operand], index) => {
    code.writeUInt16LE(operation, index * 8);
    code.writeUInt8(yes, index * 8 + 2);
    code.writeUInt8(no, index * 8 + 3);
    code.writeUInt32LE(operand, index * 8 + 4);
  });
  // `struct sock_fprog`.
  const program = Buffer.alloc(16);
  program.writeUInt16LE(FILTER.length, 0);
  program.writeBigUInt64LE(koffi.address(code), 8);
  return calls.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, program.length);
}

/**
 * A UDP socket on the client's port that nobody reads: without one the kernel would tell the server that the port is unreachable. Where
 * somebody in the pod has the port already it is not needed.
 */
function openSink(calls: PacketCalls): number {
  const sink = calls.socket(AF_INET, SOCK_DGRAM | CLOEXEC_NONBLOCK, 0);
  if (sink < 0) return sink;
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(CLIENT_PORT, 2);
  if (calls.bind(sink, address, address.length) === 0) return sink;
  closeSync(sink);
  return -1;
}

function required(call: string, result: number): number {
  if (result >= 0) return result;
  const error = errnoName(koffi.errno());
  const needs = error === "EPERM" ? ", which needs CAP_NET_RAW" : "";
  throw new PharosError(PLUGIN_KERNEL_REFUSED, `cannot speak DHCP on the pod's link: ${call}: ${error}${needs}`);
}
