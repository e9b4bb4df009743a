// Made by scripts/generate-kinds.ts from crds/. Do not edit.

export interface Condition {
  /** What the condition is about, in CamelCase. Example: "Ready". */
  readonly type: string;
  /** Whether it holds. Example: "True". */
  readonly status: "True" | "False" | "Unknown";
  /** Why, in one CamelCase word for programs. Example: "Committed". */
  readonly reason?: string;
  /** Why, in a sentence for people. Example: "all hosts run revision 7". */
  readonly message?: string;
  /** metadata.generation of the object that this condition speaks about. Example: 3. */
  readonly observedGeneration?: number;
  /** When status changed last (RFC 3339, UTC). Example: "2026-01-02T03:04:05Z". */
  readonly lastTransitionTime?: string;
}

/** Names and describes the object, as in every Kubernetes object. */
export interface ObjectMeta {
  /** Name of the object (RFC 1123 subdomain); unique among objects of its kind and namespace. Example: "vehicle-network-node". */
  readonly name: string;
  /** Namespace (RFC 1123 label), for namespaced kinds only. Example: "default". */
  readonly namespace?: string;
  /** Set by the store. */
  readonly uid?: string;
  /** Set by the store; a writer that sends it back writes only if nobody else wrote in between. */
  readonly resourceVersion?: string;
  /** Set by the store; grows whenever spec changes. */
  readonly generation?: number;
  /** What selectors choose by. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Anything else that programs note down about the object. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Set by the store (RFC 3339, UTC). */
  readonly creationTimestamp?: string;
  /** Set by the store while the object waits to be deleted (RFC 3339, UTC). */
  readonly deletionTimestamp?: string;
}
