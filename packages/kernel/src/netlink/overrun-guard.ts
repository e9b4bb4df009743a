import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { PharosError } from "@pharos/base";
import koffi from "koffi";
// Of the package only the raw socket: all of it is 560 kB of text, most of it tables of wireless and WireGuard.
import { RawNetlinkSocket, type RawNetlinkSocketOptions } from "netlink/dist/raw.js";
import { KERNEL_CODES } from "../codes.ts";

const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;

interface SocketEntry {
  readonly inode: string;
  readonly drops: number;
}

/** The line of a socket in /proc/net/netlink: sk, protocol, port, groups, rmem, wmem, dump, locks, drops, inode. */
function entryOf(protocol: number, port: number): SocketEntry | undefined {
  for (const line of readFileSync("/proc/thread-self/net/netlink", "utf8").split("\n")) {
    const [, lineProtocol, linePort, , , , , , drops, inode] = line.trim().split(/\s+/);
    if (Number(lineProtocol) === protocol && Number(linePort) === port && inode !== undefined) return { inode, drops: Number(drops) };
  }
  return undefined;
}

function descriptorOf({ inode }: SocketEntry): number | undefined {
  const found = readdirSync("/proc/self/fd").find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false; // The descriptor of the listing itself is closed by now.
    }
  });
  return found === undefined ? undefined : Number(found);
}

/** A socket that an overrun does not hurt, and that counts what it lost. */
export interface GuardedSocket {
  readonly socket: RawNetlinkSocket;
  /** Messages lost so far because the receive buffer was full. To be called in the socket's network namespace. */
  drops(): number;
}

/**
 * Opens a netlink socket in the network namespace of the calling thread. When a receive buffer overflows, the kernel raises an
 * error on the socket; libuv reports that as a broken descriptor, and the `netlink` package (0.3.0) aborts the process while it
 * makes an exception of it. So the error is switched off, and lost messages are counted where the kernel counts them.
 * PHAROS-2001 when that is not possible.
 */
export function openGuarded(protocol: number, options: RawNetlinkSocketOptions): GuardedSocket {
  const socket = new RawNetlinkSocket(protocol, options);
  const { port } = socket.address();
  const entry = entryOf(protocol, port);
  const fd = entry === undefined ? undefined : descriptorOf(entry);
  const setsockopt: (fd: number, level: number, name: number, value: Buffer, length: number) => number = koffi
    .load(null)
    .func("int setsockopt(int fd, int level, int name, void *value, uint32_t length)");
  if (fd === undefined || setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, Buffer.from([1, 0, 0, 0]), 4) !== 0) {
    socket.close();
    throw new PharosError(KERNEL_CODES.netlinkBroken, "a netlink socket could not be protected against overrun", {
      action: "Mount /proc.",
    });
  }
  return { socket, drops: () => entryOf(protocol, port)?.drops ?? 0 };
}
