import { spawn } from "node:child_process";
import { PharosError } from "@pharos/base";
import { LAB_COMMAND_FAILED } from "./codes.ts";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with its arguments as an array (no shell), with `stdin` when given, and answers whatever its exit code. */
export function tryRun(program: string, args: readonly string[], stdin?: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, ...output }));
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
  });
}

/** As `tryRun`, but an exit code other than 0 is LAB_COMMAND_FAILED with the program's message. */
export async function run(program: string, args: readonly string[], stdin?: string): Promise<string> {
  const finished = await tryRun(program, args, stdin);
  if (finished.code === 0) return finished.stdout;
  throw new PharosError(LAB_COMMAND_FAILED, `${program} ${args.join(" ")} ended with ${finished.code}: ${finished.stderr.trim()}`);
}
