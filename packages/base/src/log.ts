export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values that a log line may carry; secrets never. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The log interface of all packages. Daemons put winston behind it in their `main.ts`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry `fields`. */
  child(fields: LogFields): Log;
}

/** A log that writes nothing, for programs and tests that want silence. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
