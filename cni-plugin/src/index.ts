export { type PluginInput, type PluginOutput, runPlugin } from "./plugin.ts";
