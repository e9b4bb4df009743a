export { type Clock, systemClock } from "./clock.ts";
export { type CodeEntry, describeError, hasCode, isSystemError, type PharosCode, PharosError, type PharosErrorOptions } from "./errors.ts";
export { type Checked, type Finding, type FindingSource, hasErrors, type Severity } from "./finding.ts";
export { KeyedQueue, type KeyedQueueOptions, type KeyFailure } from "./keyed-queue.ts";
export { type Log, type LogFields, type LogLevel, silentLog } from "./log.ts";
export { Wake } from "./wake.ts";
