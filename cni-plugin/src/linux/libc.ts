import { errnoName } from "@pharos/kernel/netlink";
import koffi from "koffi";

/** The few calls of libc that Node does not offer. Each is synchronous and runs on the calling thread. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(descriptor: number, level: number, option: number, value: Buffer, length: number): number;
  send(descriptor: number, bytes: Buffer, length: number, flags: number): number;
  recv(descriptor: number, bytes: Buffer, length: number, flags: number): number;
}

const DECLARATIONS: Record<keyof Libc, string> = {
  socket: "int socket(int, int, int)",
  setsockopt: "int setsockopt(int, int, int, void *, uint32_t)",
  send: "int64_t send(int, void *, size_t, int)",
  recv: "int64_t recv(int, void *, size_t, int)",
};

/** Binds the calls; all symbols come from the process itself. */
export function bindLibc(): Libc {
  const process = koffi.load(null);
  return {
    socket: process.func(DECLARATIONS.socket),
    setsockopt: process.func(DECLARATIONS.setsockopt),
    send: process.func(DECLARATIONS.send),
    recv: process.func(DECLARATIONS.recv),
  };
}

/** Name of the error number of the last failed call: `ENOBUFS`. */
export function lastErrorName(): string {
  return errnoName(koffi.errno());
}
