import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, PharosError } from "@pharos/base";
import { LAB_COMMAND_FAILED } from "./codes.ts";
import { inNamespace } from "./machines.ts";

/** A program that the lab started. The start time keeps a later process with the same pid from being taken for it. */
export interface LabProgram {
  readonly name: string;
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
  readonly log: string;
}

export interface StartOptions {
  readonly name: string;
  readonly namespace: string;
  readonly command: readonly string[];
  /** File that takes its output, appended. */
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program in a namespace, in a session of its own, so that it outlives the caller. */
export function startProgram(options: StartOptions): LabProgram {
  mkdirSync(dirname(options.log), { recursive: true });
  const out = openSync(options.log, "a");
  try {
    const child = spawn("nsenter", inNamespace(options.namespace, options.command), {
      detached: true,
      stdio: ["ignore", out, out],
      env: options.env,
    });
    if (child.pid === undefined) throw new PharosError(LAB_COMMAND_FAILED, `cannot start ${options.name}`);
    child.unref();
    return { name: options.name, pid: child.pid, startTime: startTimeOf(child.pid) ?? "", log: options.log };
  } finally {
    closeSync(out);
  }
}

/** True while the very process that was started lives. */
export function isAlive(program: LabProgram): boolean {
  return startTimeOf(program.pid) === program.startTime;
}

/** Ends programs: SIGTERM, and SIGKILL for those that are still there after `graceMs`. */
export async function stopPrograms(programs: readonly LabProgram[], clock: Clock, graceMs = 3000): Promise<void> {
  signalAll(programs, "SIGTERM");
  const deadline = clock.monotonic() + graceMs;
  while (programs.some(isAlive) && clock.monotonic() < deadline) await clock.sleep(20);
  signalAll(programs, "SIGKILL");
  while (programs.some(isAlive) && clock.monotonic() < deadline + graceMs) await clock.sleep(20);
}

function signalAll(programs: readonly LabProgram[], signal: NodeJS.Signals): void {
  for (const program of programs) if (isAlive(program)) process.kill(program.pid, signal);
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
