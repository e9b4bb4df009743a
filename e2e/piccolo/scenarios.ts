// Scenarios 12.1 and 12.2 of the specification, as Piccolo plays them.
import type { ComponentStatus, ConfigureVehicleNetworkResponse, RequestNetworkPodRequest, RequestNetworkPodResponse } from "@pharos/rpc";
import type { ReceivedCompletion } from "./callback-server.ts";
import type { PiccoloClient } from "./client.ts";

export interface BootResult {
  readonly response: ConfigureVehicleNetworkResponse;
  readonly components: readonly ComponentStatus[];
}

/** 12.1, the vehicle boots: configure the whole network, then look at it. */
export async function bootVehicle(piccolo: PiccoloClient, vehicleYaml: string): Promise<BootResult> {
  const response = await piccolo.configureVehicleNetwork(vehicleYaml);
  return { response, components: response.success ? await piccolo.getNetworkStatus() : [] };
}

/** Completions that arrived, by request id; whoever comes first waits for the other. */
export class Mailbox {
  private readonly arrived = new Map<string, ReceivedCompletion>();
  private readonly waiting = new Map<string, (completion: ReceivedCompletion) => void>();

  take(completion: ReceivedCompletion): void {
    this.arrived.set(completion.requestId, completion);
    this.waiting.get(completion.requestId)?.(completion);
  }

  /** The completion of a request; undefined when none came within `timeoutMs`. */
  wait(requestId: string, timeoutMs: number): Promise<ReceivedCompletion | undefined> {
    const there = this.arrived.get(requestId);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      this.waiting.set(requestId, (completion) => {
        clearTimeout(timer);
        resolve(completion);
      });
    });
  }
}

export interface PodResult {
  readonly response: RequestNetworkPodResponse;
  /** Undefined when Pharos did not call back in time. */
  readonly completion: ReceivedCompletion | undefined;
}

/** 12.2, a pod is new: ask for its network, then wait to be told. */
export async function networkForPod(
  piccolo: PiccoloClient,
  mailbox: Mailbox,
  request: RequestNetworkPodRequest,
  timeoutMs = 70_000,
): Promise<PodResult> {
  const response = await piccolo.requestNetworkPod(request);
  return { response, completion: await mailbox.wait(response.requestId, timeoutMs) };
}
