import type { PharosError } from "@pharos/base";
import type { HostState, Scope, SectionName, Step } from "@pharos/hoststate";
import type { SetElement } from "./netlink/set-element-message.ts";

/** An interface as the kernel shows it, ours or not. */
export interface ObservedInterface {
  readonly name: string;
  readonly mac?: string;
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** `10.1.0.2/24`, both families, link-local ones left out. */
  readonly addresses: readonly string[];
  readonly master?: string;
  /** Who else manages it, as far as that can be told. */
  readonly manager?: "NetworkManager" | "networkd";
}

/** A link as its neighbours see it. */
export interface ObservedLink {
  readonly name: string;
  readonly up: boolean;
  /** Name of the bridge that it is a port of. */
  readonly master?: string;
  readonly alias?: string;
}

/** What this kernel and machine can do and have; read at start and when links change. */
export interface KernelFacts {
  readonly interfaces: readonly ObservedInterface[];
  /** br_netfilter is there, so a bridge can hand its traffic to the inet hooks. */
  readonly bridgeNetfilter: boolean;
  /** `nft` is there and the kernel accepts our kind of table. */
  readonly nftables: boolean;
  readonly ipv6: boolean;
}

/** How far a plan came. Steps after a failed one that later steps depend on are not tried. */
export interface Outcome {
  readonly done: readonly Step[];
  readonly failed?: { readonly step: Step; readonly error: PharosError };
}

/** Something in the kernel changed, by us or by others. `overrun`: events were lost, look at everything. */
export interface KernelEvent {
  readonly section: SectionName | "overrun";
}

/**
 * The only door to Linux. Desired state is never remembered here: every `observe` reads the kernel.
 * An implementation passes the suite in `contract.ts`.
 */
export interface Kernel {
  /** All items that carry our mark, and those whose keys are in `scope`. A torn dump is retried. */
  observe(scope: Scope): Promise<HostState>;
  /** Runs the steps in order and says how far it came; it throws only when it could not try at all. */
  apply(steps: readonly Step[]): Promise<Outcome>;
  facts(): Promise<KernelFacts>;
  /** All links, also those that `observe` leaves alone because the CNI plugin owns them. */
  links(): Promise<readonly ObservedLink[]>;
  /** Those of `elements` that are not in their nft set with just that data; all of a set that is missing. */
  missingElements(elements: readonly SetElement[]): Promise<readonly SetElement[]>;
  /** Ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<KernelEvent>;
  close(): Promise<void>;
}
