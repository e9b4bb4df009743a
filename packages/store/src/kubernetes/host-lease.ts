import { type Clock, describeError, type Log } from "@pharos/base";
import type { KubernetesStore } from "./kubernetes-store.ts";
import { kubernetesLease, LEASES, type LeasePort, leaseRecord, microTime } from "./lease.ts";
import { type ApiObject, listAll, watchFrom } from "./reflector.ts";

/** A host counts as reachable while its agent renewed its Lease within this, in ms. */
export const HOST_LEASE_MS = 10_000;
const RENEW_EVERY = 4000;
const HOST_LABEL = "pharos.io/lease";
const NAME_PREFIX = "pharos-host-";
const RETRY = 2000;

export interface HostLeaseOptions {
  readonly store: KubernetesStore;
  readonly namespace: string;
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Renews a host's Lease until `signal` aborts. A failure is tried again; it is told once until it works again. */
export async function keepHostLease({ store, namespace, host, clock, log }: HostLeaseOptions, signal: AbortSignal): Promise<void> {
  const lease = kubernetesLease(store.transport, { namespace, name: `${NAME_PREFIX}${host}` });
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
  const labels = { [HOST_LABEL]: "host" };
  if (current === undefined)
    await lease.create({ holder: host, transitions: 0, renewTime: now, acquireTime: now, durationSeconds, labels });
  else await lease.replace({ ...current, holder: host, renewTime: now, durationSeconds, labels });
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
    return [...this.#seen]
      .filter(([, { at }]) => now - at < HOST_LEASE_MS)
      .map(([host]) => host)
      .sort();
  }

  /** Follows the Leases until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, namespace, clock, log } = this.#options;
    const collection = { resource: LEASES, namespace, labelSelector: `${HOST_LABEL}=host`, trim: (object: ApiObject) => object };
    while (!signal.aborted) {
      try {
        const { items, resourceVersion } = await listAll(store.reflector, collection);
        for (const item of items) this.#see(item);
        for await (const event of watchFrom(store.reflector, collection, { resourceVersion, signal })) {
          if (event.type === "DELETED") this.#seen.delete(hostOf(event.object));
          else if (event.type !== "BOOKMARK") this.#see(event.object);
        }
      } catch (error) {
        log.debug("cannot follow the hosts' leases, trying again", { error: describeError(error) });
        await clock.sleep(RETRY, signal);
      }
    }
  }

  #see(object: ApiObject): void {
    const { renewTime } = leaseRecord(object);
    const host = hostOf(object);
    const known = this.#seen.get(host);
    if (known?.renewTime === renewTime) return;
    // A first sight says nothing about when it was written: it counts as fresh, and is gone 10 s later if nobody renews it.
    this.#seen.set(host, { renewTime, at: this.#options.clock.monotonic() });
  }
}

function hostOf({ metadata }: ApiObject): string {
  return metadata.name.slice(NAME_PREFIX.length);
}
