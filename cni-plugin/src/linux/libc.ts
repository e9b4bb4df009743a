import { errnoName } from "@pharos/kernel/netlink";
import koffi from "koffi";
import { once } from "./once.ts";

/** The few calls of libc that Node does not offer. Each is synchronous and runs on the calling thread. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(descriptor: number, level: number, option: number, value: Buffer, length: number): number;
  send(descriptor: number, bytes: Buffer, length: number, flags: number): number;
  recv(descriptor: number, bytes: Buffer, length: number, flags: number): number;
  /** Ends the process at once. */
  _exit(code: number): void;
}

const DECLARATIONS: Record<keyof Libc, string> = {
  socket: "int socket(int, int, int)",
  setsockopt: "int setsockopt(int, int, int, void *, uint32_t)",
  send: "int64_t send(int, void *, size_t, int)",
  recv: "int64_t recv(int, void *, size_t, int)",
  _exit: "void _exit(int)",
};

/** All symbols come from the process itself. */
const libc = once((): Libc => {
  const program = koffi.load(null);
  return {
    socket: program.func(DECLARATIONS.socket),
    setsockopt: program.func(DECLARATIONS.setsockopt),
    send: program.func(DECLARATIONS.send),
    recv: program.func(DECLARATIONS.recv),
    _exit: program.func(DECLARATIONS._exit),
  };
});

/** Binds the calls. */
export function bindLibc(): Libc {
  return libc.get();
}

/**
 * Ends at once, with nothing of libc's or V8's end: taking the heap apart and waiting for threads costs up to 4 ms per pod. All
 * that counts is on disk and written by then. `_exit` only where the calls are bound, since binding them costs more.
 */
export function endProcess(code: number): never {
  libc.peek()?._exit(code);
  const quick: unknown = Reflect.get(process, "reallyExit");
  if (typeof quick === "function") quick.call(process, code);
  process.exit(code);
}

/** Name of the error number of the last failed call: `ENOBUFS`. */
export function lastErrorName(): string {
  return errnoName(koffi.errno());
}
