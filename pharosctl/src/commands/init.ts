import { access, copyFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PharosError } from "@pharos/base";
import { CTL_FILE_EXISTS, CTL_USAGE } from "../codes.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { initVehicle } from "../init-vehicle.ts";
import type { Terminal } from "../terminal.ts";

/** Name of the schema that `init` puts beside the vehicle, so that editors need no network. */
const SCHEMA_NAME = "pharos-vehicle.schema.json";

export interface InitCommandOptions {
  readonly name: string;
  readonly socs: number;
  readonly vms: number;
  readonly output: string;
  readonly force: boolean;
  /** The JSON schema to put beside the vehicle. */
  readonly schemaFile: string;
}

/** `init`: writes a commented vehicle, and its schema for editors beside it. */
export async function initCommand(options: InitCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const { name, socs, vms, output } = options;
  requireCount("--soc", socs, 1, 16);
  requireCount("--vm", vms, 0, Math.min(64, 32 * socs));
  if (!/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/.test(name)) {
    throw new PharosError(CTL_USAGE, `--name ${name}: lower-case letters, digits and hyphens, 1 to 52`);
  }
  if (!options.force && (await exists(output))) throw new PharosError(CTL_FILE_EXISTS, `${output} is there already`);
  await writeFile(output, initVehicle({ name, socs, vms, schema: `./${SCHEMA_NAME}` }));
  await copyFile(options.schemaFile, join(dirname(output), SCHEMA_NAME));
  terminal.out(`wrote ${output}\nnext: pharosctl validate -f ${output}; pharosctl plan -f ${output}; pharosctl lab up -f ${output}\n`);
  return EXIT.ok;
}

function requireCount(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PharosError(CTL_USAGE, `${option}: a whole number from ${least} to ${most}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
