// Piccolo's side of the callbacks, in both dialects: takes completions and tells them to whoever listens.
import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import {
  type ActionControllerConnectionServer,
  ActionControllerConnectionService,
  CompletionStatus,
  type PiccoloCallbackServiceServer,
  PiccoloCallbackServiceService,
  PullpiriNetworkStatus,
} from "@pharos/rpc";

/** A completion as it arrived. */
export interface ReceivedCompletion {
  readonly dialect: "spec" | "pullpiri";
  readonly requestId: string;
  readonly status: string;
  readonly details: string;
}

export interface CallbackServer {
  /** `host:port` with the real port, or `unix:/path`. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface CallbackServerOptions {
  /** `host:port` (port 0: any free one), or `unix:/path`. */
  readonly address: string;
  readonly onCompletion: (completion: ReceivedCompletion) => void;
  /** False refuses a completion, so that it comes again; default: all are acknowledged. */
  readonly acknowledge?: (completion: ReceivedCompletion) => boolean;
}

/** Serves PiccoloCallbackService and Pullpiri's ActionControllerConnection on one address. */
export async function startCallbackServer(options: CallbackServerOptions): Promise<CallbackServer> {
  const take = (completion: ReceivedCompletion): { acknowledged: boolean } => {
    options.onCompletion(completion);
    return { acknowledged: options.acknowledge?.(completion) ?? true };
  };
  const other = (_call: unknown, callback: sendUnaryData<{ acknowledged: boolean }>) => callback(null, { acknowledged: true });
  const spec: PiccoloCallbackServiceServer = {
    completeNetworkSetting: ({ request }, callback) =>
      callback(
        null,
        take({ dialect: "spec", requestId: request.requestId, status: wordOf(CompletionStatus, request.status), details: request.details }),
      ),
    notifyNetworkStatusChange: other,
    notifyServiceStatusChange: other,
    notifySecurityEvent: (_call, callback) => callback(null, { acknowledged: true, actionTaken: "" }),
  };
  const pullpiri: ActionControllerConnectionServer = {
    completeNetworkSetting: ({ request }, callback) =>
      callback(
        null,
        take({
          dialect: "pullpiri",
          requestId: request.requestId,
          status: wordOf(PullpiriNetworkStatus, request.networkStatus),
          details: request.details,
        }),
      ),
  };
  const server = new Server();
  server.addService(PiccoloCallbackServiceService, spec);
  server.addService(ActionControllerConnectionService, pullpiri);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const address = options.address.startsWith("unix:") ? options.address : options.address.replace(/:\d+$/, `:${port}`);
  return { address, stop: async () => server.forceShutdown() };
}

function wordOf(words: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(words).find(([, number]) => number === value)?.[0] ?? String(value);
}
