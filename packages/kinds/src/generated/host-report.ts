// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** What one host runs and found. Its agent writes it. */
export interface HostReport {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "HostReport";
  readonly metadata: ObjectMeta;
  readonly spec: HostReportSpec;
  readonly status?: HostReportStatus;
}

/** Whose report it is. */
export interface HostReportSpec {
  /** The SoC or VM. Example: "vm1". */
  readonly host: string;
}

/** The report. Counters never stand here. */
export interface HostReportStatus {
  /** How the agent stands. Example: "Committed". */
  readonly state: "Starting" | "Applying" | "Committed" | "RolledBack" | "Failed" | "Degraded";
  /** The revision whose state the kernel is in. */
  readonly revision?: ReportedRevision;
  /** When the agent last said that it lives, where no stream tells it (RFC 3339, UTC). Example: "2026-01-02T03:04:05Z". */
  readonly renewTime?: string;
  /** Revisions that this host tried, rolled back, and does not try again by itself. */
  readonly rejected?: readonly ReportedRejection[];
  /** What is wrong, or worth knowing, on this host. */
  readonly findings?: readonly ReportedFinding[];
  /** This host's parts of bridges' subnets. */
  readonly blocks?: readonly ReportedBlock[];
  /** Interfaces of the host that the documents name, and physical ones. */
  readonly interfaces?: readonly ReportedInterface[];
  /** What this host's kernel and programs can do. */
  readonly features?: HostFeatures;
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}

/** What this host's kernel and programs can do. */
export interface HostFeatures {
  /** Whether bridged packets can pass the filter (br_netfilter). Example: true. */
  readonly bridgeNetfilter?: boolean;
  /** Whether nftables works. Example: true. */
  readonly nftables?: boolean;
  /** Whether the kernel has IPv6. Example: true. */
  readonly ipv6?: boolean;
}

export interface ReportedInterface {
  /** Name in the kernel. Example: "eth0". */
  readonly name: string;
  /** Hardware address. Example: "02:00:00:00:00:01". */
  readonly mac?: string;
  /** Addresses with prefix length (CIDR). Example: ["10.2.0.10/24"]. */
  readonly addresses?: readonly string[];
  /** Whether the link is up and has carrier. Example: true. */
  readonly up?: boolean;
  /** Who else manages it. Example: "networkd". */
  readonly manager?: "NetworkManager" | "networkd";
}

export interface ReportedBlock {
  /** Name of the bridge. Example: "podBr0". */
  readonly bridge: string;
  /** Subnet (CIDR) that is shared. Example: "10.2.1.0/24". */
  readonly subnet: string;
  /** This host's part (CIDR). Example: "10.2.1.0/26". */
  readonly block: string;
  /** Number of addresses that pods hold. Example: 2. */
  readonly used: number;
}

export interface ReportedFinding {
  /** Stable code of the finding. Example: "PHAROS-1101". */
  readonly code: string;
  /** How bad it is. Example: "ERROR". */
  readonly severity: "ERROR" | "WARNING" | "INFO";
  /** Path of the field from the root of the document. Example: "spec.bridges[0].ipam.ranges[1].subnet". */
  readonly path: string;
  /** What is the case. Example: "the subnets of podBr0 and podBr1 overlap". */
  readonly description: string;
  /** What to do about it. Example: "give one of them another subnet". */
  readonly recommendation: string;
  /** Kind/name, or Kind/namespace/name, of the document. Example: "Bridge/vehicle-network-bridge". */
  readonly document?: string;
}

export interface ReportedRejection {
  /** Epoch of the revision. Example: "8c7d1f0e". */
  readonly epoch: string;
  /** Number of the revision. Example: 8. */
  readonly number: number;
  /** What failed. Example: "probe of 10.1.0.1 failed after the change". */
  readonly reason: string;
}

/** The revision whose state the kernel is in. */
export interface ReportedRevision {
  /** Epoch of the revision. Example: "8c7d1f0e". */
  readonly epoch: string;
  /** Number of the revision. Example: 7. */
  readonly number: number;
  /** Hash of the revision. Example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08". */
  readonly hash: string;
}
