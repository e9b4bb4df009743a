export { impossibilities, type Operation } from "./history.ts";
export { heldByContainer, runStorm } from "./run-storm.ts";
