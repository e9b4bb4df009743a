import { hasCode } from "@pharos/base";
import { STORE_NOT_FOUND } from "../codes.ts";
import { callOf, pathOf, type Resource } from "./resource.ts";
import type { Transport } from "./transport.ts";

/** coordination.k8s.io/v1 Lease. */
export const LEASES: Resource = { group: "coordination.k8s.io", version: "v1", plural: "leases" };

/** A Lease as we use it. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  readonly holder: string;
  /** How often the holder changed. */
  readonly transitions: number;
  /** RFC 3339 with microseconds, by the holder's clock: compared for equality only. */
  readonly renewTime: string;
  readonly acquireTime: string;
  /** s that others wait without a change before they take it. */
  readonly durationSeconds: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Absent in a record that was not read. */
  readonly resourceVersion?: string;
}

/** Reads and writes one Lease. Writers throw STORE_CONFLICT or STORE_EXISTS when somebody else was faster. */
export interface LeasePort {
  read(): Promise<LeaseRecord | undefined>;
  create(record: LeaseRecord): Promise<LeaseRecord>;
  /** Replaces the very version that was read. */
  replace(record: LeaseRecord): Promise<LeaseRecord>;
}

interface WireLease {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseTransitions?: number;
    readonly renewTime?: string;
    readonly acquireTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

/** One Lease of the API server. */
export function kubernetesLease(transport: Transport, place: { readonly namespace: string; readonly name: string }): LeasePort {
  const { namespace, name } = place;
  const path = pathOf(LEASES, place);
  const collection = pathOf(LEASES, { namespace });
  return {
    read: async () => {
      try {
        return leaseRecord(await transport.call<WireLease>({ call: callOf("get", LEASES, place), method: "GET", path }));
      } catch (error) {
        if (hasCode(error, STORE_NOT_FOUND)) return undefined;
        throw error;
      }
    },
    create: async (record) => {
      const call = { ...callOf("create", LEASES, { namespace }), name };
      return leaseRecord(await transport.call<WireLease>({ call, method: "POST", path: collection, body: leaseObject(place, record) }));
    },
    replace: async (record) => {
      const call = callOf("update", LEASES, place);
      return leaseRecord(await transport.call<WireLease>({ call, method: "PUT", path, body: leaseObject(place, record) }));
    },
  };
}

/** The record in a Lease object of the API. */
export function leaseRecord(object: object): LeaseRecord {
  const { metadata, spec = {} } = object as WireLease;
  return {
    holder: spec.holderIdentity ?? "",
    transitions: spec.leaseTransitions ?? 0,
    renewTime: spec.renewTime ?? "",
    acquireTime: spec.acquireTime ?? "",
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
  };
}

function leaseObject({ namespace, name }: { readonly namespace: string; readonly name: string }, record: LeaseRecord): object {
  const { holder, transitions, renewTime, acquireTime, durationSeconds, labels, resourceVersion } = record;
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      namespace,
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      ...(holder === "" ? {} : { holderIdentity: holder }),
      leaseTransitions: transitions,
      leaseDurationSeconds: durationSeconds,
      ...(renewTime === "" ? {} : { renewTime }),
      ...(acquireTime === "" ? {} : { acquireTime }),
    },
  };
}

/** A wall-clock time in ms as a Lease writes it. */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace(/Z$/, "000Z");
}
