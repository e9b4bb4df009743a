import { fileURLToPath } from "node:url";
import { describeError } from "@pharos/base";
import { CommanderError } from "commander";
import { exitCodeOf } from "../src/exit-codes.ts";
import { pharosctlProgram } from "../src/program.ts";

export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
export const EXAMPLE = ["node.yaml", "bridge.yaml", "routing.yaml"].map((file) => `${REPOSITORY}docs/examples/vehicle/${file}`);

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs pharosctl in this process, as `main.ts` does; `answer` is what the user says to a question. */
export async function runProgram(args: readonly string[], answer = false): Promise<Ran> {
  let [code, out, err] = [0, "", ""];
  const program = pharosctlProgram({
    terminal: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      confirm: async () => answer,
    },
    defaultServer: "unix:/nowhere/pharos.sock",
    schemaFile: `${REPOSITORY}docs/reference/schema/vehicle.schema.json`,
    lab: { place: { root: "/nowhere/labs", binaries: { pharos: [], plugin: "" }, env: {} } },
    version: "0.0.0",
    programs: { dist: "", node: process.execPath, packages: {}, plugin: "" },
    onExit: (given) => {
      code = given;
    },
  });
  quiet(program);
  try {
    await program.parseAsync(["node", "pharosctl", ...args]);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { code: 0, out, err };
    return { code: exitCodeOf(error), out, err: `${err}${describeError(error)}\n` };
  }
  return { code, out, err };
}

/** Keeps commander's own messages away from the terminal of the test run; they are in the error too. */
function quiet(command: ReturnType<typeof pharosctlProgram>): void {
  command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const sub of command.commands) quiet(sub);
}
