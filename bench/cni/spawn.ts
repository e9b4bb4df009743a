import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withNamespace } from "@pharos/kernel/namespace";
import koffi from "koffi";

/** A program to be run, with nothing inherited. */
export interface Program {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Path of the network namespace that it starts in. */
  readonly namespace: string;
}

/** How a program ended. */
export interface Run {
  /** From before posix_spawn(3) to after wait4(2), ms. */
  readonly ms: number;
  /** User and system time of the program and of all that it waited for, ms. */
  readonly cpu: number;
  /** Exit status; 128 + the signal when one ended it. */
  readonly code: number;
  readonly stdout: string;
}

/** A program that runs. */
export interface Started {
  readonly pid: number;
  readonly began: bigint;
  /** File that standard output goes to. */
  readonly output: string;
}

/** Files for standard input and output, in memory: they are no part of what is measured. */
const FILES = "/dev/shm";
const FILE_ACTIONS_BYTES = 256;
const RUSAGE_WORDS = 18;
const NS_PER_MS = 1e6;

const libc = koffi.load(null);
const posixSpawn = libc.func(
  "int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)",
);
const actionsInit = libc.func("int posix_spawn_file_actions_init(void *)");
const actionsDup2 = libc.func("int posix_spawn_file_actions_adddup2(void *, int, int)");
const actionsDestroy = libc.func("int posix_spawn_file_actions_destroy(void *)");
const waitFor = libc.func("int wait4(int pid, _Out_ int *status, int options, _Out_ int64_t *usage)");

/**
 * Starts programs with posix_spawn(3) and waits with wait4(2): what a runtime in C would pay. Node's own child processes cost
 * milliseconds each, which a chain would pay once per plugin. Standard input and output are files below `folder`.
 */
class Spawner {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  start(program: Program): Started {
    const slot = join(this.#folder, String(this.#count++));
    writeFileSync(`${slot}.in`, program.stdin);
    const input = openSync(`${slot}.in`, "r");
    const output = openSync(`${slot}.out`, "w");
    const actions = Buffer.alloc(FILE_ACTIONS_BYTES);
    actionsInit(actions);
    actionsDup2(actions, input, 0);
    actionsDup2(actions, output, 1);
    try {
      return withNamespace(program.namespace, () => {
        const pid = [0];
        const argv = [program.path, ...(program.args ?? []), null];
        const envp = [...Object.entries(program.env).map(([name, value]) => `${name}=${value}`), null];
        const began = process.hrtime.bigint();
        const failed = posixSpawn(pid, program.path, actions, null, argv, envp);
        if (failed !== 0) throw new Error(`posix_spawn ${program.path}: error ${failed}`);
        return { pid: pid[0] ?? 0, began, output: `${slot}.out` };
      });
    } finally {
      actionsDestroy(actions);
      closeSync(input);
      closeSync(output);
    }
  }

  /** Waits for one of `started`, whichever ends first. */
  finish(started: readonly Started[]): { readonly which: Started; readonly run: Run } {
    for (;;) {
      const status = [0];
      const usage = new Array<number>(RUSAGE_WORDS).fill(0);
      const pid = waitFor(started.length === 1 ? started[0]?.pid : -1, status, 0, usage);
      const ended = process.hrtime.bigint();
      const which = started.find((one) => one.pid === pid);
      if (pid < 0) throw new Error("wait4 has nothing to wait for");
      if (which === undefined) continue;
      const [word = 0] = status;
      const stdout = readFileSync(which.output, "utf8");
      for (const end of [".in", ".out"]) rmSync(which.output.replace(/\.out$/, end));
      return {
        which,
        run: {
          ms: Number(ended - which.began) / NS_PER_MS,
          cpu: cpuOf(usage),
          code: (word & 0x7f) === 0 ? (word >> 8) & 0xff : 128 + (word & 0x7f),
          stdout,
        },
      };
    }
  }

  run(program: Program): Run {
    return this.finish([this.start(program)]).run;
  }
}

export type { Spawner };

/** A spawner with a folder of its own, which goes with the process. */
export function newSpawner(): Spawner {
  const folder = mkdtempSync(join(FILES, "pharos-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return new Spawner(folder);
}

/** Milliseconds of `struct rusage`, which begins with user and system time, each seconds and microseconds. */
function cpuOf([userSeconds = 0, userMicros = 0, systemSeconds = 0, systemMicros = 0]: readonly number[]): number {
  return (Number(userSeconds) + Number(systemSeconds)) * 1e3 + (Number(userMicros) + Number(systemMicros)) / 1e3;
}
