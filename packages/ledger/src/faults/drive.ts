import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What the driver is told to do. */
export type DriverCommand =
  /** Mounts something over the ledger's folder; for a driver in a mount namespace of its own. */
  | { readonly do: "mount"; readonly options: readonly string[] }
  | { readonly do: "reserve"; readonly id: string; readonly address: string; readonly padding?: string }
  /** Reserves `n0`, `n1` and so on; the outcome is how many, and the code of the failure. */
  | { readonly do: "reserve until it fails" }
  | { readonly do: "release"; readonly id: string }
  /** Takes the container's lock, says so and stays. */
  | { readonly do: "hold"; readonly id: string }
  /** The outcome is how many entries there are. */
  | { readonly do: "count" }
  /** Waits until nobody else is at work. */
  | { readonly do: "maintain" };

export const DRIVER = join(import.meta.dirname, "driver.ts");

/** Runs the driver, through another program (`strace`, `prlimit`) where one is given; the outcome of each command: `ok` or an error's code. */
export function drive(folder: string, commands: readonly DriverCommand[], through: readonly string[] = []): readonly string[] {
  const [program = "", ...args] = [...through, process.execPath, DRIVER, folder, JSON.stringify(commands)];
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`driver: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
