import { type ChildProcess, spawn } from "node:child_process";

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs a program to its end; never throws for how it ended, only when it cannot be started. */
export function runChild(
  [program = "", ...args]: readonly string[],
  { env = process.env, input = "", onStart }: ChildOptions = {},
): Promise<ChildEnd> {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { env });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => settle({ code, signal, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    onStart?.(child);
  });
}

/** Runs a program that must succeed; its output. */
export async function outputOf(command: readonly string[], options: ChildOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runChild(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim() || `code ${code}`}`);
  return stdout;
}
