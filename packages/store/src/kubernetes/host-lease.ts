import { type Clock, describeError, type Log } from "@pharos/base";
import { followResource } from "./follow-resource.ts";
import type { KubernetesStore } from "./kubernetes-store.ts";
import { kubernetesLease, LEASES, type LeasePort, leaseRecord, microTime } from "./lease.ts";
import type { ApiObject } from "./reflector.ts";

/** A host counts as reachable while its agent renewed its Lease within this, in ms. */
export const HOST_LEASE_MS = 10_000;
const RENEW_EVERY = 4000;
const LEASE_LABEL = "pharos.io/lease";
const NAME_PREFIX = "pharos-host-";

export interface HostLeaseOptions {
  readonly store: KubernetesStore;
  readonly namespace: string;
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Name of a host's Lease. */
export function hostLeaseName(host: string): string {
  return `${NAME_PREFIX}${host}`;
}

/** Renews a host's Lease until `signal` aborts. A failure is tried again; it is told once until it works again. */
export async function keepHostLease({ store, namespace, host, clock, log }: HostLeaseOptions, signal: AbortSignal): Promise<void> {
  const lease = kubernetesLease(store.transport, { namespace, name: hostLeaseName(host) });
  let failing = false;
  while (!signal.aborted) {
    try {
      await renew(lease, host, clock);
      failing = false;
    } catch (error) {
      if (!failing) log.warn("cannot renew this host's lease, trying again", { error: describeError(error) });
      failing = true;
    }
    await clock.sleep(RENEW_EVERY, signal);
  }
}

async function renew(lease: LeasePort, host: string, clock: Clock): Promise<void> {
  const now = microTime(clock.now());
  const current = await lease.read();
  const durationSeconds = HOST_LEASE_MS / 1000;
  const labels = { [LEASE_LABEL]: "host" };
  if (current === undefined)
    await lease.create({ holder: host, transitions: 0, renewTime: now, acquireTime: now, durationSeconds, labels });
  else await lease.replace({ ...current, holder: host, renewTime: now, durationSeconds, labels });
}

interface SeenLease {
  readonly metadata: ApiObject["metadata"];
  readonly renewTime: string;
}

/** Which hosts' agents are there, by their Leases. */
export class HostLeases {
  readonly #options: Omit<HostLeaseOptions, "host">;
  readonly #seen = new Map<string, { readonly renewTime: string; readonly at: number }>();

  constructor(options: Omit<HostLeaseOptions, "host">) {
    this.#options = options;
  }

  /** Names of the hosts that renewed within the last 10 s by our own clock, sorted. */
  hosts(): readonly string[] {
    const now = this.#options.clock.monotonic();
    const fresh = [...this.#seen].filter(([, { at }]) => now - at < HOST_LEASE_MS);
    return fresh.map(([host]) => host).sort();
  }

  /** Follows the Leases until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, namespace } = this.#options;
    const collection = { resource: LEASES, namespace, labelSelector: `${LEASE_LABEL}=host`, trim: seenLease };
    const followed = followResource(store.reflector, collection, {
      signal,
      onSync: (items) => {
        for (const item of items) this.#see(item);
      },
      onEvent: ({ type, object }) => {
        if (type === "DELETED") this.#seen.delete(hostOf(object));
        else this.#see(object);
      },
    });
    await followed.finished;
  }

  #see(lease: SeenLease): void {
    const { renewTime } = lease;
    const known = this.#seen.get(hostOf(lease));
    if (known?.renewTime === renewTime) return;
    // A first sight says nothing about when it was written: it counts as fresh, and is gone 10 s later if nobody renews it.
    this.#seen.set(hostOf(lease), { renewTime, at: this.#options.clock.monotonic() });
  }
}

function seenLease(object: ApiObject): SeenLease {
  const { name, namespace, resourceVersion } = object.metadata;
  const place = { ...(namespace === undefined ? {} : { namespace }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { metadata: { name, ...place }, renewTime: leaseRecord(object).renewTime };
}

function hostOf({ metadata }: SeenLease): string {
  return metadata.name.slice(NAME_PREFIX.length);
}
