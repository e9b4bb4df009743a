export {
  BRIDGE_CALLBACK_FAILED,
  BRIDGE_LISTEN_FAILED,
  BRIDGE_NOT_READY,
  BRIDGE_PLAINTEXT_REFUSED,
  BRIDGE_SETTING_INVALID,
} from "./codes.ts";
export {
  type BridgeOptions,
  type BridgeTiming,
  type CallbackDialect,
  type CallbackEndpoint,
  DEFAULT_TIMING,
  type ExtraService,
  type ListenAddress,
} from "./options.ts";
export { type RunningBridge, runBridge, startBridge } from "./run-bridge.ts";
