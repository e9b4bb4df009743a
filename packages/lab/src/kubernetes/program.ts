import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** A program that runs as long as whoever started it. */
export interface Program {
  readonly pid: number;
  /** File that takes its output. */
  readonly log: string;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after `graceMs` (5 s when not given); resolves when it has ended. */
  stop(graceMs?: number): Promise<void>;
}

export interface ProgramOptions {
  readonly command: readonly string[];
  /** Its output is appended here. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
}

const GRACE_MS = 5000;

/** Starts a program that ends with its starter, also when that one is killed. */
export function startProgram({ command, log, env }: ProgramOptions): Program {
  const out = openSync(log, "a");
  try {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
      stdio: ["ignore", out, out],
      ...(env === undefined ? {} : { env }),
    });
    child.on("error", () => {});
    return asProgram(child, log);
  } finally {
    closeSync(out);
  }
}

function asProgram(child: ChildProcess, log: string): Program {
  const isRunning = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  return {
    pid: child.pid ?? -1,
    log,
    isRunning,
    signal: (signal) => {
      if (isRunning()) child.kill(signal);
    },
    stop: async (graceMs = GRACE_MS) => {
      if (!isRunning()) return;
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
