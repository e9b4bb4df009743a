import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type CodeEntry, PharosError } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { type ApplyConfigurationResponse, type GetNetworkStatusResponse, PharosServiceClient, StoreServiceClient } from "@pharos/rpc";
import { CTL_REFUSED, CTL_UNREACHABLE } from "./codes.ts";

/** Deadline of reading calls, in ms. */
const READ_MS = 5000;
/** Deadline of calls that wait for all hosts, in ms. */
const APPLY_MS = 60_000;

/** gRPC's own bound of 4 MiB is less than a large vehicle. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

type Callback<S> = (error: ServiceError | null, response: S) => void;

/** A running Pharos, reached over its unix socket (`unix:/path`) or on a loopback or listed plaintext address (`host:port`). */
export class ApiClient {
  readonly #api: PharosServiceClient;
  readonly #store: StoreServiceClient;
  readonly #server: string;

  constructor(server: string) {
    this.#server = server;
    const bounds = { "grpc.max_receive_message_length": MAX_MESSAGE_BYTES };
    this.#api = new PharosServiceClient(server, credentials.createInsecure(), bounds);
    this.#store = new StoreServiceClient(server, credentials.createInsecure(), bounds);
  }

  applyConfiguration(configYaml: string): Promise<ApplyConfigurationResponse> {
    return this.#call((done) =>
      this.#api.applyConfiguration({ configYaml, validateOnly: false }, new Metadata(), deadline(APPLY_MS), done),
    );
  }

  networkStatus(componentFilter: string): Promise<GetNetworkStatusResponse> {
    return this.#call((done) => this.#api.getNetworkStatus({ componentFilter }, new Metadata(), deadline(READ_MS), done));
  }

  /** All objects of a kind. Served on the unix socket only. */
  async list<K extends Kind>(kind: K): Promise<readonly KindMap[K][]> {
    const objects: KindMap[K][] = [];
    try {
      for await (const { objectsJson } of this.#store.list({ kind }, new Metadata(), deadline(READ_MS))) {
        for (const json of objectsJson) objects.push(JSON.parse(json) as KindMap[K]);
      }
    } catch (error) {
      throw this.#asError(error);
    }
    return objects;
  }

  close(): void {
    this.#api.close();
    this.#store.close();
  }

  #call<S>(start: (done: Callback<S>) => void): Promise<S> {
    return new Promise((resolve, reject) => {
      start((error, response) => {
        if (error === null) resolve(response);
        else reject(this.#asError(error));
      });
    });
  }

  #asError(error: unknown): PharosError {
    const { code, details } = error as Partial<ServiceError>;
    const away = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
    const entry: CodeEntry = away ? CTL_UNREACHABLE : CTL_REFUSED;
    return new PharosError(entry, away ? `no answer from ${this.#server}` : (details ?? "no details"), { cause: error });
  }
}

function deadline(ms: number): { deadline: number } {
  return { deadline: Date.now() + ms };
}
