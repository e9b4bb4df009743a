import type { PharosError } from "@pharos/base";
import type { HostState, Scope, SectionName, Step } from "@pharos/hoststate";

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
  /** Ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<KernelEvent>;
  close(): Promise<void>;
}
