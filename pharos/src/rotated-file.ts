import type winston from "winston";
import DailyRotateFile from "winston-daily-rotate-file";

/** Log files in a folder, rotated daily and at 10 MB, 14 kept. */
export function rotatedFile(dirname: string, program: string): winston.transport {
  return new DailyRotateFile({ dirname, filename: `${program}-%DATE%.log`, maxSize: "10m", maxFiles: 14, zippedArchive: true });
}
