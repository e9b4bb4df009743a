import type { Ip } from "@pharos/hoststate";

/** The first packet of a flow. */
export interface Flow {
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Undefined: some port that no rule names. */
  readonly sourcePort?: number;
  /** Undefined: some port that no rule names. */
  readonly destinationPort?: number;
  /** The payload begins with `RTPS`. */
  readonly rtps: boolean;
  /** Where the sender sent it, if the host translated that to `destination` (a Kubernetes Service). */
  readonly asked?: { readonly destination: Ip; readonly port: number };
}

/** What a host has to do with a flow, and by which devices (kernel names) the packet comes and leaves. */
export interface HopRole {
  readonly host: string;
  readonly role: "output" | "forward" | "input";
  readonly in?: string;
  readonly out?: string;
}
