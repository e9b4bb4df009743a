import koffi from "koffi";
import { bindLibc, type Libc } from "../linux/libc.ts";
import { once } from "../linux/once.ts";

/** The calls of libc that packet sockets need; those that nothing else does are bound when a pod has a lease to get. */
export interface PacketCalls extends Pick<Libc, "socket" | "setsockopt" | "send" | "recv"> {
  bind(descriptor: number, address: Buffer, length: number): number;
  poll(descriptors: Buffer, count: number, timeoutMs: number): number;
}

const DECLARATIONS = {
  bind: "int bind(int, void *, uint32_t)",
  poll: "int poll(void *, uint64_t, int)",
} as const;

const calls = once((): PacketCalls => {
  const program = koffi.load(null);
  return { ...bindLibc(), bind: program.func(DECLARATIONS.bind), poll: program.func(DECLARATIONS.poll) };
});

/** Binds the calls. */
export function bindPacketCalls(): PacketCalls {
  return calls.get();
}
