export { type Authorize, authorizeAgent, type IntendedWrite } from "./authorize.ts";
export { HostPresence } from "./presence.ts";
export { connectRemoteStore, type RemoteStoreOptions } from "./remote-store.ts";
export { HOST_KEY, type StoreServiceOptions, storeService } from "./store-service.ts";
