import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { PharosError } from "@pharos/base";
import { BRIDGE_LISTEN_FAILED, BRIDGE_PLAINTEXT_REFUSED } from "../codes.ts";
import type { ListenAddress } from "../options.ts";
import { isLoopback } from "./allow-peers.ts";

/**
 * Binds every address and returns them with their real ports, in the order given (`host:port` or `unix:/path`).
 * Throws BRIDGE_LISTEN_FAILED, or BRIDGE_PLAINTEXT_REFUSED for an address beyond loopback when no sources are listed.
 */
export async function listen(
  server: Server,
  addresses: readonly ListenAddress[],
  plaintextFrom: readonly string[],
): Promise<readonly string[]> {
  const bound: string[] = [];
  for (const address of addresses)
    bound.push(
      "unixSocket" in address ? await listenUnix(server, address.unixSocket) : await listenTcp(server, address.address, plaintextFrom),
    );
  return bound;
}

async function listenTcp(server: Server, address: string, plaintextFrom: readonly string[]): Promise<string> {
  const host = address.slice(0, address.lastIndexOf(":"));
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare !== "localhost" && !isLoopback(bare) && plaintextFrom.length === 0) {
    throw new PharosError(BRIDGE_PLAINTEXT_REFUSED, `${address} is not loopback and no sources are listed for it`);
  }
  return `${host}:${await bind(server, address)}`;
}

async function listenUnix(server: Server, path: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeStaleSocket(path);
    await bind(server, `unix:${path}`);
    // Owner and group may call; the mode is the access control of this door.
    await chmod(path, 0o660);
  } catch (cause) {
    throw cause instanceof PharosError ? cause : new PharosError(BRIDGE_LISTEN_FAILED, `cannot listen on ${path}`, { cause });
  }
  return `unix:${path}`;
}

/** After a power cut the socket's file is still there; a living server behind it is never robbed. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new PharosError(BRIDGE_LISTEN_FAILED, `${path} exists and is no socket`);
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
  if (alive) throw new PharosError(BRIDGE_LISTEN_FAILED, `another program listens on ${path}`);
  await unlink(path);
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) resolve(port);
      else reject(new PharosError(BRIDGE_LISTEN_FAILED, `cannot listen on ${address}`, { cause }));
    });
  });
}
