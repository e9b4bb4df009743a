// Piccolo's side of the Pharos API: the calls of the specification's scenarios, and Pullpiri's spelling of one of them.
import { credentials, type ServiceError } from "@grpc/grpc-js";
import {
  type ApplyConfigurationResponse,
  type ComponentStatus,
  type ConfigureVehicleNetworkResponse,
  PharosNetworkServiceConnectionClient,
  PharosServiceClient,
  type RequestNetworkPodRequest,
  type RequestNetworkPodResponse,
  type ValidateConfigurationResponse,
} from "@pharos/rpc";

/** What Piccolo asks of Pharos. Each call rejects with a gRPC ServiceError. */
export interface PiccoloClient {
  configureVehicleNetwork(vehicleYaml: string, dryRun?: boolean): Promise<ConfigureVehicleNetworkResponse>;
  validateConfiguration(configYaml: string): Promise<ValidateConfigurationResponse>;
  applyConfiguration(configYaml: string, validateOnly?: boolean): Promise<ApplyConfigurationResponse>;
  getNetworkStatus(componentFilter?: string): Promise<readonly ComponentStatus[]>;
  requestNetworkPod(request: RequestNetworkPodRequest): Promise<RequestNetworkPodResponse>;
  /** The same, as Eclipse Pullpiri calls it. */
  requestNetworkPodAsPullpiri(request: RequestNetworkPodRequest): Promise<RequestNetworkPodResponse>;
  close(): void;
}

/** A client of the API at `address`: `host:port`, or `unix:/path`. Plaintext. */
export function piccoloClient(address: string): PiccoloClient {
  const bounds = { "grpc.max_receive_message_length": 32 * 1024 * 1024, "grpc.max_send_message_length": 32 * 1024 * 1024 };
  const pharos = new PharosServiceClient(address, credentials.createInsecure(), bounds);
  const pullpiri = new PharosNetworkServiceConnectionClient(address, credentials.createInsecure(), bounds);
  return {
    configureVehicleNetwork: (vehicleYaml, dryRun = false) => call((done) => pharos.configureVehicleNetwork({ vehicleYaml, dryRun }, done)),
    validateConfiguration: (configYaml) => call((done) => pharos.validateConfiguration({ configYaml }, done)),
    applyConfiguration: (configYaml, validateOnly = false) => call((done) => pharos.applyConfiguration({ configYaml, validateOnly }, done)),
    getNetworkStatus: async (componentFilter = "") =>
      (await call<{ readonly components: readonly ComponentStatus[] }>((done) => pharos.getNetworkStatus({ componentFilter }, done)))
        .components,
    requestNetworkPod: (request) => call((done) => pharos.requestNetworkPod(request, done)),
    requestNetworkPodAsPullpiri: (request) => call((done) => pullpiri.requestNetworkPod(request, done)),
    close: () => {
      pharos.close();
      pullpiri.close();
    },
  };
}

function call<Response>(start: (done: (error: ServiceError | null, response: Response) => void) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
