import type { FirewallObject } from "@pharos/hoststate";

/** The firewall of one network namespace. */
export interface FirewallPort {
  observe(): Promise<readonly FirewallObject[]>;
  /** One transaction, all or nothing. */
  apply(transaction: string): Promise<void>;
}
