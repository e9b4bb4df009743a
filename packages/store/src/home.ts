import type { Kind } from "@pharos/kinds";
import type { ObjectRef, Store } from "./store.ts";

/** What the one active operator may rely on while it leads. */
export interface Leadership {
  /** Aborts before another one can be elected: from then on nothing may be written. */
  readonly signal: AbortSignal;
  /** False as soon as the lease may have ended, also where a paused process has not yet seen its timers; asked before each write. */
  holds(): boolean;
}

/** Sees to it that one operator of several is active. */
export interface Elector {
  /** Waits to be elected, calls `lead`, and stands again when the leadership was lost, until `signal` aborts. */
  run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** Something that happened to an object, for people. */
export interface HomeEvent {
  readonly regarding: ObjectRef<Kind>;
  readonly type: "Normal" | "Warning";
  /** UpperCamelCase, as Kubernetes wants it. */
  readonly reason: string;
  /** At most 1024 characters. */
  readonly note: string;
}

/** Tells people what happened; never fails and never waits. Equal events within a while are counted, not repeated. */
export interface EventRecorder {
  record(event: HomeEvent): void;
}

/** Any object of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
    readonly resourceVersion?: string;
  };
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Runs services as workloads of the platform below; absent where there is none (Podman, the laptop). */
export interface Workloads {
  /** Server-side apply with our field manager; what we no longer name is removed from the object. Returns it as stored. */
  apply(object: KubernetesObject): Promise<KubernetesObject>;
  /** Objects of one kind that carry the label `app.kubernetes.io/managed-by: pharos`. */
  list(kind: { readonly apiVersion: string; readonly kind: string }): Promise<readonly KubernetesObject[]>;
  /** True when an object of this kind and name is there without that label: others made it. */
  isTaken(object: KubernetesObject): Promise<boolean>;
  /** Deleting what is not there is no error. */
  delete(object: KubernetesObject): Promise<void>;
  /** Calls back after changes of the listed kinds; ends with the signal. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

/** The machines of the platform below; absent where it has none of its own. */
export interface Machines {
  /** Its nodes by name, each with the SoC or VM that it is; undefined until they are known. */
  known(): ReadonlyMap<string, string> | undefined;
  /** Deletes what a host's agent keeps outside the store. Deleting what is not there is no error. */
  forget(host: string): Promise<void>;
  /** Follows the nodes and calls back when one comes, goes or becomes another host; ends with the signal. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

/** Where a control plane runs: what it stores in, how one of several is chosen, whom it tells, and what runs its services. */
export interface Home {
  readonly store: Store;
  readonly elector: Elector;
  readonly events: EventRecorder;
  readonly workloads?: Workloads;
  readonly machines?: Machines;
}
