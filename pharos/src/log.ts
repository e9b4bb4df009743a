import type { Log, LogFields, LogLevel } from "@pharos/base";
import winston from "winston";

export interface LogSettings {
  readonly level: LogLevel;
  /** `json` for collectors, `text` for people. */
  readonly format: "json" | "text";
  /** Folder for log files, rotated daily and at 10 MB, 14 kept; absent: standard error only. */
  readonly folder?: string;
  readonly program: string;
}

/** The log of a daemon: winston behind the log interface that all packages see. */
export async function daemonLog(settings: LogSettings): Promise<Log> {
  const text = winston.format.printf(
    ({ timestamp, level, message, ...fields }) => `${String(timestamp)} ${level} ${String(message)}${fieldsText(fields)}`,
  );
  const format = winston.format.combine(winston.format.timestamp(), settings.format === "json" ? winston.format.json() : text);
  const console = new winston.transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] });
  const files = settings.folder === undefined ? [] : [await fileTransport(settings.folder, settings.program)];
  return asLog(winston.createLogger({ level: settings.level, format, transports: [console, ...files] }));
}

/** Loaded only where files are asked for: with its calendar it is larger than winston. */
async function fileTransport(folder: string, program: string): Promise<winston.transport> {
  const { rotatedFile } = await import("./rotated-file.ts");
  return rotatedFile(folder, program);
}

function fieldsText(fields: Record<string, unknown>): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join("");
}

function asLog(logger: winston.Logger): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      logger.log(level, message, fields);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => asLog(logger.child(fields)),
  };
}
