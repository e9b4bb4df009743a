import { type Log, systemClock } from "@pharos/base";
import { linuxKernel } from "@pharos/kernel";
import { runAgent } from "@pharos/node-agent";
import { connectRemoteStore } from "@pharos/store/remote";

/** Settings of `pharos agent`. */
export interface AgentSettings {
  readonly host: string;
  /** `unix:/path` or `host:port` of the store service. */
  readonly store: string;
  /** Prefix of all paths of this host. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly plugin: string;
}

/** Runs the agent of one host until `signal` aborts. */
export async function agentCommand(settings: AgentSettings, log: Log, signal: AbortSignal): Promise<void> {
  const { host, root } = settings;
  const kernel = await linuxKernel({ root, log });
  const store = connectRemoteStore({ address: settings.store, hostName: host, clock: systemClock, log });
  try {
    await runAgent({ host, kernel, store, root, pluginBinary: settings.plugin, clock: systemClock, log }, signal);
  } finally {
    await store.close();
    await kernel.close();
  }
}
