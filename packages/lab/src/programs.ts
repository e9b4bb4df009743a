import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, PharosError } from "@pharos/base";
import { LAB_COMMAND_FAILED } from "./codes.ts";
import { inNamespace } from "./machines.ts";

/** One process. The start time keeps a later process with the same pid from being taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** A program that the lab started. */
export interface LabProgram extends ProcessIdentity {
  readonly name: string;
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
    return { name: options.name, ...identityOf(child.pid), log: options.log };
  } finally {
    closeSync(out);
  }
}

/** The process that has this pid now; one that has ended is never alive. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid) ?? "" };
}

/** True while the very process that was started lives; a zombie does not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

/** Ends processes: SIGTERM, and SIGKILL for those that are still there after `graceMs`. */
export async function stopPrograms(programs: readonly ProcessIdentity[], clock: Clock, graceMs = 3000): Promise<void> {
  signalAll(programs, "SIGTERM");
  const deadline = clock.monotonic() + graceMs;
  while (programs.some(isAlive) && clock.monotonic() < deadline) await clock.sleep(20);
  signalAll(programs, "SIGKILL");
  while (programs.some(isAlive) && clock.monotonic() < deadline + graceMs) await clock.sleep(20);
}

function signalAll(programs: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
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
