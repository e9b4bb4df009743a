export type { ChildEnd } from "./child.ts";
export { CrashHost } from "./crash-host.ts";
export { differencesOf } from "./host-lines.ts";
export { type Aftermath, KillBench, type KillOutcome, killedAt } from "./kill.ts";
export { inParallel } from "./parallel.ts";
export { PharosHost } from "./pharos-host.ts";
export { type KillRun, killRuns, splitAt, type TracedCall, type TraceParts, tracedCalls } from "./trace.ts";
