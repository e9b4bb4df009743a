/**
 * How V8 is to run an agent, which computes little and must leave the memory to the vehicle: a small young generation, no
 * optimizing compilers, and a collection when the agent asks for one.
 */
const FLAGS = ["--max-semi-space-size=1", "--no-opt", "--no-maglev", "--expose-gc"];

/** How glibc's malloc is to run it (mallopt(3)): one arena, and what is free goes back to the kernel. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536", MALLOC_MMAP_THRESHOLD_: "65536" };

export interface ProcessStart {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Arguments and environment of the program that should run in this one's place; undefined when it runs so already. */
export function leanStart({ execPath, execArgv, argv, env }: ProcessStart) {
  const missing = FLAGS.filter((flag) => !execArgv.includes(flag));
  if (missing.length === 0) return undefined;
  return { args: [execPath, ...execArgv, ...missing, ...argv.slice(1)], env: { ...env, ...ENVIRONMENT } };
}
