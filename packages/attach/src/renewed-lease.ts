/** What the plugin's RENEW tells of one DHCP lease that was due. RENEW is not CNI's: the agent calls it. */
export interface RenewedLease {
  readonly containerID: string;
  readonly ifname: string;
  /** With prefix length. */
  readonly address: string;
  /**
   * `renewed`; `silent`: nobody answered, and it still runs; `over`: its time is over, or the server took it back, and the pod has no
   * address any more; `gone`: the pod is, or its network namespace cannot be reached; `failed`: something else went wrong.
   */
  readonly outcome: "renewed" | "silent" | "over" | "gone" | "failed";
  /** Why, in words. */
  readonly message?: string;
}
