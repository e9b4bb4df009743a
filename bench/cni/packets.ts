import { closeSync } from "node:fs";
import { withNamespace } from "@pharos/kernel/namespace";
import koffi from "koffi";
import type { World } from "./worlds.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const ADDRESS_BYTES = 16;
const BACKLOG = 128;
const TIMEOUT_SECONDS = 2;
/** Port of the host's and the outside's listeners. */
const LISTENER = 7000;

const libc = koffi.load(null);
const socket = libc.func("int socket(int, int, int)");
const setsockopt = libc.func("int setsockopt(int, int, int, void *, uint32_t)");
const bind = libc.func("int bind(int, void *, uint32_t)");
const listen = libc.func("int listen(int, int)");
const connect = libc.func("int connect(int, void *, uint32_t)");
const accept = libc.func("int accept(int, void *, void *)");

/** A pod as a runtime knows it after ADD. */
export interface AttachedPod {
  /** Path of its network namespace. */
  readonly namespace: string;
  readonly address: string;
  readonly gateway: string;
  readonly hostPort?: number;
  readonly containerPort?: number;
}

/** Sends packets through a world: TCP connections, made and taken by blocking sockets of this one process. */
export class Packets {
  readonly #world: World;
  readonly #host: number;
  readonly #outside: number;

  constructor(world: World) {
    this.#world = world;
    this.#host = listener(world.host, LISTENER);
    this.#outside = listener(world.outside, LISTENER);
  }

  /**
   * Throws unless the pod reaches its gateway, reaches the outside and is seen there with the host's address, and answers
   * behind its port of the host.
   */
  check({ namespace, gateway, hostPort, containerPort }: AttachedPod, masquerades: boolean): void {
    closeSync(connected(namespace, gateway, LISTENER));
    closeSync(accepted(this.#host).descriptor);
    if (masquerades) {
      const mine = connected(namespace, this.#world.outsideAddress, LISTENER);
      const { descriptor, peer } = accepted(this.#outside);
      closeSync(mine);
      closeSync(descriptor);
      if (peer !== this.#world.hostAddress) throw new Error(`${this.#world.name}: a pod is seen outside as ${peer}`);
    }
    if (hostPort === undefined || containerPort === undefined) return;
    const pod = listener(namespace, containerPort);
    const theirs = connected(this.#world.outside, this.#world.hostAddress, hostPort);
    closeSync(accepted(pod).descriptor);
    closeSync(theirs);
    closeSync(pod);
  }

  close(): void {
    closeSync(this.#host);
    closeSync(this.#outside);
  }
}

function opened(namespace: string): number {
  const descriptor = withNamespace(namespace, () => socket(AF_INET, SOCK_STREAM, 0));
  if (descriptor < 0) throw new Error(`no socket in ${namespace}`);
  const limit = Buffer.alloc(16);
  limit.writeBigInt64LE(BigInt(TIMEOUT_SECONDS), 0);
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) setsockopt(descriptor, SOL_SOCKET, option, limit, limit.length);
  return descriptor;
}

function listener(namespace: string, port: number): number {
  const descriptor = opened(namespace);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4);
  if (bind(descriptor, addressBytes("0.0.0.0", port), ADDRESS_BYTES) !== 0) throw new Error(`cannot listen on ${port} in ${namespace}`);
  listen(descriptor, BACKLOG);
  return descriptor;
}

function connected(namespace: string, address: string, port: number): number {
  const descriptor = opened(namespace);
  if (connect(descriptor, addressBytes(address, port), ADDRESS_BYTES) === 0) return descriptor;
  const { errno } = { errno: koffi.errno() };
  closeSync(descriptor);
  throw new Error(`no connection from ${namespace} to ${address}:${port}, error ${errno}`);
}

function accepted(descriptor: number): { readonly descriptor: number; readonly peer: string } {
  const from = Buffer.alloc(ADDRESS_BYTES);
  const length = Buffer.from([ADDRESS_BYTES, 0, 0, 0]);
  const taken = accept(descriptor, from, length);
  if (taken < 0) throw new Error("nobody connected");
  return { descriptor: taken, peer: [...from.subarray(4, 8)].join(".") };
}

/** `struct sockaddr_in`. */
function addressBytes(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  address.split(".").forEach((part, index) => {
    bytes.writeUInt8(Number(part), 4 + index);
  });
  return bytes;
}
