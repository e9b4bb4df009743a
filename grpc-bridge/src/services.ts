import type { PharosNetworkManagerServer, PharosNetworkServiceConnectionServer, PharosServiceServer } from "@pharos/rpc";
import { applyConfiguration, configureVehicleNetwork, validateConfiguration } from "./handlers/configuration.ts";
import type { HandlerContext } from "./handlers/context.ts";
import { getNetworkStatus } from "./handlers/get-network-status.ts";
import { removeNetwork, setupNetwork } from "./handlers/network-manager.ts";
import { requestNetworkPod } from "./handlers/request-network-pod.ts";
import { rollbackConfiguration } from "./handlers/rollback-configuration.ts";
import { changing, reading, unimplemented } from "./server/unary.ts";

/** The 18 RPCs of specification 15.1. */
export function pharosService(context: HandlerContext): PharosServiceServer {
  const { log } = context;
  return {
    requestNetworkPod: changing(log, "RequestNetworkPod", (request) => requestNetworkPod(request, context)),
    configureVehicleNetwork: changing(log, "ConfigureVehicleNetwork", (request) => configureVehicleNetwork(request, context)),
    updateNetworkConfiguration: unimplemented("UpdateNetworkConfiguration"),
    registerService: unimplemented("RegisterService"),
    deregisterService: unimplemented("DeregisterService"),
    updateServiceEndpoint: unimplemented("UpdateServiceEndpoint"),
    validateConfiguration: reading(log, "ValidateConfiguration", (request) => validateConfiguration(request, context)),
    applyConfiguration: changing(log, "ApplyConfiguration", (request) => applyConfiguration(request, context)),
    rollbackConfiguration: changing(log, "RollbackConfiguration", (request) => rollbackConfiguration(request, context)),
    getNetworkStatus: reading(log, "GetNetworkStatus", (request) => getNetworkStatus(request, context)),
    getServiceConnectivity: unimplemented("GetServiceConnectivity"),
    getNetworkMetrics: unimplemented("GetNetworkMetrics"),
    testConnectivity: unimplemented("TestConnectivity"),
    getRouteInfo: unimplemented("GetRouteInfo"),
    configureSecurityPolicy: unimplemented("ConfigureSecurityPolicy"),
    configureCloudFeeding: unimplemented("ConfigureCloudFeeding"),
    getCloudFeedingStatus: unimplemented("GetCloudFeedingStatus"),
    emergencyNetworkMode: unimplemented("EmergencyNetworkMode"),
  };
}

/** Pullpiri's spelling of RequestNetworkPod: the same handler. */
export function networkServiceConnection(context: HandlerContext): PharosNetworkServiceConnectionServer {
  return { requestNetworkPod: changing(context.log, "RequestNetworkPod", (request) => requestNetworkPod(request, context)) };
}

/** Pullpiri's named networks. */
export function networkManager({ log }: HandlerContext): PharosNetworkManagerServer {
  return {
    setupNetwork: changing(log, "SetupNetwork", setupNetwork),
    removeNetwork: changing(log, "RemoveNetwork", removeNetwork),
  };
}
