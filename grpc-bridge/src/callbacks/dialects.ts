import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { PharosError } from "@pharos/base";
import {
  ActionControllerConnectionClient,
  CompletionStatus,
  PiccoloCallbackServiceClient,
  PullpiriNetworkStatus,
  PullpiriPodStatus,
} from "@pharos/rpc";
import { BRIDGE_CALLBACK_FAILED } from "../codes.ts";
import type { CallbackDialect, CallbackEndpoint } from "../options.ts";
import type { Completion } from "./completion.ts";

/** One endpoint as the postman calls it. */
export interface Receiver {
  /** Rejects with BRIDGE_CALLBACK_FAILED unless Piccolo acknowledged within `timeoutMs`. */
  send(completion: Completion, timeoutMs: number): Promise<void>;
  close(): void;
}

type Answer = (error: ServiceError | null, response: { readonly acknowledged: boolean }) => void;

const DIALECTS: { readonly [D in CallbackDialect]: (address: string) => Receiver } = {
  spec: (address) => {
    const client = new PiccoloCallbackServiceClient(address, credentials.createInsecure());
    return {
      send: (completion, timeoutMs) =>
        answered(address, (answer) => {
          const { requestId, status, details } = completion;
          const request = { requestId, status: CompletionStatus[status], details };
          client.completeNetworkSetting(request, new Metadata(), { deadline: Date.now() + timeoutMs }, answer);
        }),
      close: () => client.close(),
    };
  },
  pullpiri: (address) => {
    const client = new ActionControllerConnectionClient(address, credentials.createInsecure());
    return {
      send: (completion, timeoutMs) =>
        answered(address, (answer) => {
          const { requestId, status, details } = completion;
          // The network is up because a running container was attached; in all other cases Pharos knows nothing of the pod.
          const podStatus = status === "OK" ? PullpiriPodStatus.RUNNING : PullpiriPodStatus.UNKNOWN;
          const request = { requestId, networkStatus: PullpiriNetworkStatus[status], podStatus, details };
          client.completeNetworkSetting(request, new Metadata(), { deadline: Date.now() + timeoutMs }, answer);
        }),
      close: () => client.close(),
    };
  },
};

/** A client of the endpoint in its dialect; connects at the first send. */
export function receiverOf({ dialect, address }: CallbackEndpoint): Receiver {
  return DIALECTS[dialect](address);
}

function answered(address: string, call: (answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((cause, response) => {
      if (cause !== null) reject(new PharosError(BRIDGE_CALLBACK_FAILED, `callback to ${address}`, { cause }));
      else if (response.acknowledged) resolve();
      else reject(new PharosError(BRIDGE_CALLBACK_FAILED, `callback to ${address}: not acknowledged`));
    });
  });
}
