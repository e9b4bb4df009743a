import type { PodNetwork, PodNetworkSpec, PodNetworkStatus } from "@pharos/kinds";

/** What the many attachments of a host have in common. */
interface Place {
  readonly namespace: string;
  readonly host: string;
  readonly bridge: string;
  readonly podNamespace: string;
  readonly phase: PodNetworkStatus["phase"];
}

/** Places are few; a vehicle that has had more of them than this begins again to remember them. */
const MOST_PLACES = 1024;

/**
 * Makes of PodNetworks what a host keeps of them: all of requests and of its own attachments; of the many attachments of other hosts
 * only what tells whose pod has which address, in half of the memory that the same object would take as a literal.
 */
export function leanPods(ownHost: string): (object: PodNetwork) => PodNetwork {
  const places = new Map<string, Place>();
  const shared = (place: Place): Place => {
    const key = Object.values(place).join("/");
    const known = places.get(key);
    if (known !== undefined) return known;
    if (places.size >= MOST_PLACES) places.clear();
    places.set(key, place);
    return place;
  };
  return (object) => {
    if (object instanceof ForeignAttachment) return object;
    const { metadata, spec, status } = object;
    const { name, namespace, resourceVersion } = metadata;
    const { host, bridge, pod } = spec;
    const isWhole = namespace !== undefined && resourceVersion !== undefined && bridge !== undefined && pod !== undefined;
    if (spec.request !== undefined || host === undefined || host === ownHost || status === undefined || !isWhole) return object;
    const place = shared({ namespace, host, bridge, podNamespace: pod.namespace, phase: status.phase });
    return new ForeignAttachment(place, { name, resourceVersion, pod: pod.name, addresses: status.addresses ?? [] });
  };
}

/** True for what is no request. Answers without building what it is asked about. */
export function isAttachment(object: PodNetwork): boolean {
  return object instanceof ForeignAttachment || object.spec.request === undefined;
}

/** An attachment of another host. Its parts are built when they are read: of ten thousand of them hardly any is read twice. */
class ForeignAttachment implements PodNetwork {
  readonly #place: Place;
  readonly #name: string;
  readonly #resourceVersion: string;
  readonly #pod: string;
  /** Joined by spaces: a text takes less than a list with one. */
  readonly #addresses: string;

  constructor(
    place: Place,
    own: { readonly name: string; readonly resourceVersion: string; readonly pod: string; readonly addresses: readonly string[] },
  ) {
    this.#place = place;
    this.#name = own.name;
    this.#resourceVersion = own.resourceVersion;
    this.#pod = own.pod;
    this.#addresses = own.addresses.join(" ");
  }

  get apiVersion(): "pharos.io/v1" {
    return "pharos.io/v1";
  }

  get kind(): "PodNetwork" {
    return "PodNetwork";
  }

  get metadata(): PodNetwork["metadata"] {
    return { name: this.#name, namespace: this.#place.namespace, resourceVersion: this.#resourceVersion };
  }

  get spec(): PodNetworkSpec {
    const { host, bridge, podNamespace } = this.#place;
    return { host, bridge, pod: { namespace: podNamespace, name: this.#pod } };
  }

  get status(): PodNetworkStatus {
    return { phase: this.#place.phase, addresses: this.#addresses === "" ? [] : this.#addresses.split(" ") };
  }

  /** For JSON.stringify, which sees own properties only. */
  toJSON(): PodNetwork {
    const { apiVersion, kind, metadata, spec, status } = this;
    return { apiVersion, kind, metadata, spec, status };
  }
}
