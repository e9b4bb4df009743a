import { EXIT, type ExitCode } from "../exit-codes.ts";
import { install, type ProgramFiles } from "../install/install.ts";
import { agentUnit, standaloneUnit, type UnitSettings } from "../install/systemd-units.ts";
import type { Terminal } from "../terminal.ts";

export interface InstallOptions extends UnitSettings {
  readonly root: string;
  readonly version: string;
  readonly programs: ProgramFiles;
  /** Which daemons this machine runs. */
  readonly roles: readonly ("agent" | "standalone")[];
  readonly start: boolean;
}

/** `install`: Pharos as systemd units, for hosts outside Kubernetes and for hosts whose uplink it owns. */
export async function installCommand(options: InstallOptions, terminal: Terminal): Promise<ExitCode> {
  const { root, version, programs, roles, start } = options;
  const units = roles.map((role) => (role === "agent" ? agentUnit(options) : standaloneUnit(options)));
  await install({ root, version, programs, units, start }, (line) => terminal.err(`${line}\n`));
  terminal.out(
    start ? "Pharos runs\n" : `Pharos is installed; \`systemctl enable --now ${units.map(({ name }) => name).join(" ")}\` starts it\n`,
  );
  return EXIT.ok;
}
