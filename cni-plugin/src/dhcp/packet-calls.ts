import koffi from "koffi";

/** Calls of libc that only packet sockets need; bound when a pod has a lease to get, so that others do not pay for it. */
export interface PacketCalls {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(descriptor: number, level: number, option: number, value: Buffer, length: number): number;
  bind(descriptor: number, address: Buffer, length: number): number;
  send(descriptor: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(descriptor: number, bytes: Buffer, length: number, flags: number): number;
  poll(descriptors: Buffer, count: number, timeoutMs: number): number;
}

const DECLARATIONS: Record<keyof PacketCalls, string> = {
  socket: "int socket(int, int, int)",
  setsockopt: "int setsockopt(int, int, int, void *, uint32_t)",
  bind: "int bind(int, void *, uint32_t)",
  send: "int64_t send(int, void *, size_t, int)",
  recv: "int64_t recv(int, void *, size_t, int)",
  poll: "int poll(void *, uint64_t, int)",
};

/** Binds the calls; all symbols come from the process itself. */
export function bindPacketCalls(): PacketCalls {
  const process = koffi.load(null);
  return {
    socket: process.func(DECLARATIONS.socket),
    setsockopt: process.func(DECLARATIONS.setsockopt),
    bind: process.func(DECLARATIONS.bind),
    send: process.func(DECLARATIONS.send),
    recv: process.func(DECLARATIONS.recv),
    poll: process.func(DECLARATIONS.poll),
  };
}
