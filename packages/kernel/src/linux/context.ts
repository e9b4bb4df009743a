import type { Log } from "@pharos/base";
import type { NetlinkTransport } from "../netlink/transport.ts";
import type { FirewallPort } from "../nft/firewall-port.ts";
import type { NftRunner } from "../nft/index.ts";

/** What the parts of the Linux kernel port share. */
export interface LinuxContext {
  /** A routing socket in the namespace. */
  readonly route: NetlinkTransport;
  readonly firewall: FirewallPort;
  /** The nft that `firewall` works with. */
  readonly nft: NftRunner;
  /** Prefix of all file paths, without a slash at the end; empty for the real root. */
  readonly root: string;
  readonly log: Log;
  /** Hardware address of each bridge of ours as it was last seen: whoever uses it has it in its neighbour cache. */
  readonly bridgeMacs: Map<string, string>;
  /** Runs a synchronous function in the network namespace. */
  inside<T>(fn: () => T): T;
}

/** The alias that marks links as ours. */
export const LINK_ALIAS = "pharos";
/** The alias of pod links begins so; they belong to the CNI plugin, and are never observed here. */
export const POD_LINK_ALIAS = "pharos-pod";
