import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { PharosError } from "@pharos/base";
import { containsIp, type Prefix, parseIp, parsePrefix } from "@pharos/hoststate";
import { BRIDGE_SETTING_INVALID } from "../codes.ts";

/** Whether a peer may call without TLS; `address` is undefined on a unix socket, where the socket's mode decides. */
export type PeerRule = (address: string | undefined) => boolean;

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
/** An IPv4 peer on a socket that listens on `::`. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function isLoopback(address: string): boolean {
  return peerRule([])(address);
}

/** Loopback, and the addresses and prefixes in `listed`. Throws BRIDGE_SETTING_INVALID when one cannot be read. */
export function peerRule(listed: readonly string[]): PeerRule {
  const allowed = [...LOOPBACK, ...listed].map(prefixOf);
  return (address) => {
    if (address === undefined) return true;
    const ip = parseIp(MAPPED.exec(address)?.[1] ?? address);
    return ip !== undefined && allowed.some((prefix) => prefix.ip.family === ip.family && containsIp(prefix, ip));
  };
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`);
  if (prefix === undefined) throw new PharosError(BRIDGE_SETTING_INVALID, `plaintextFrom: "${text}" is no address and no prefix`);
  return prefix;
}

/** Refuses calls of other peers, of every service, before their request is read. */
export function allowPeers(rule: PeerRule): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const { remoteAddress } = call.getConnectionInfo();
            if (rule(remoteAddress)) return proceed(metadata);
            call.sendStatus({ code: status.PERMISSION_DENIED, details: `calls without TLS from ${remoteAddress} are not allowed` });
          },
        }),
    });
}
