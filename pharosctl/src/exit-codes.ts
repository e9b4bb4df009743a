import { hasCode } from "@pharos/base";
import { CommanderError } from "commander";
import { CTL_FINDINGS, CTL_UNREACHABLE, CTL_USAGE } from "./codes.ts";

/** Exit codes of pharosctl; part of its interface. */
export const EXIT = {
  ok: 0,
  /** Something went wrong that has no code of its own here. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The documents have findings of severity ERROR; nothing was changed. */
  findings: 3,
  /** `explain`: the traffic is dropped or has no way. */
  denied: 4,
  /** Pharos cannot be reached. */
  unreachable: 5,
  /** The user answered no. */
  declined: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a command that failed with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError || hasCode(error, CTL_USAGE)) return EXIT.usage;
  if (hasCode(error, CTL_UNREACHABLE)) return EXIT.unreachable;
  if (hasCode(error, CTL_FINDINGS)) return EXIT.findings;
  return EXIT.failure;
}
