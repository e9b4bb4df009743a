import { PharosError, systemClock } from "@pharos/base";
import { isAlive, LAB_NOT_READY, type LabProgram, type LabState, labDown, labUp, listLabs, readState } from "@pharos/lab";
import { ApiClient } from "../api-client.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { foldersOf, type LabPlace } from "../lab-place.ts";
import { type OutputFormat, printValue, type Terminal, table } from "../terminal.ts";
import { readVehicleFiles, requireVehicle } from "../vehicle-files.ts";

/** How long `lab up` waits until the control plane answers, in ms. */
const READY_MS = 30_000;

export interface LabUpOptions {
  readonly name: string;
  readonly files: readonly string[];
  /** Leaves the documents to somebody else: only machines, agents and an empty control plane. */
  readonly apply: boolean;
  readonly callback?: string;
}

/** `lab up`: machines, agents and control plane, then the documents. */
export async function labUpCommand(options: LabUpOptions, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const read = await readVehicleFiles(options.files);
  const vehicle = requireVehicle(read, terminal);
  const folders = foldersOf(place, options.name);
  const { binaries, env } = place;
  const onProgress = (line: string) => terminal.err(`${line}\n`);
  const callback = options.callback === undefined ? {} : { callback: options.callback };
  const { programs } = await labUp({ name: options.name, folders, vehicle, binaries, env, clock: systemClock, onProgress, ...callback });
  const client = new ApiClient(`unix:${folders.socket}`);
  try {
    await untilAnswering(client, programs);
    if (options.apply) {
      onProgress("applying the documents");
      const { success, message, configVersion } = await client.applyConfiguration(read.text);
      if (!success) {
        terminal.err(`not applied: ${message}\nthe lab is up; logs are in ${folders.top}/log\n`);
        return EXIT.failure;
      }
      onProgress(`revision ${configVersion} is in all kernels`);
    }
  } finally {
    client.close();
  }
  terminal.out(`lab ${options.name} is up: \`pharosctl status --lab ${options.name}\`; its Pharos API is at unix:${folders.socket}\n`);
  return EXIT.ok;
}

/** Waits until the control plane answers; a program of the lab that ends meanwhile, or no answer in time, is LAB_NOT_READY. */
async function untilAnswering(client: ApiClient, programs: readonly LabProgram[]): Promise<void> {
  const deadline = systemClock.monotonic() + READY_MS;
  for (;;) {
    try {
      await client.networkStatus("");
      return;
    } catch (cause) {
      const ended = programs.find((program) => !isAlive(program));
      if (ended !== undefined) throw new PharosError(LAB_NOT_READY, `${ended.name} has ended: ${ended.log}`);
      if (systemClock.monotonic() > deadline) throw new PharosError(LAB_NOT_READY, `no answer: ${programs[0]?.log ?? ""}`, { cause });
      await systemClock.sleep(100);
    }
  }
}

/** `lab down`: ends the programs, removes namespaces and folders. */
export async function labDownCommand(name: string, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  await labDown(foldersOf(place, name), systemClock);
  terminal.out(`lab ${name} is down\n`);
  return EXIT.ok;
}

/** `lab status`: machines, programs and pods of each lab. */
export async function labStatusCommand(format: OutputFormat, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const names = await listLabs(place.root);
  const states = (await Promise.all(names.map((name) => readState(foldersOf(place, name)).catch(() => undefined)))).filter(
    (state) => state !== undefined,
  );
  printValue(terminal, format, states, () => states.map(labTable).join("\n") || "no lab is up\n");
  return EXIT.ok;
}

function labTable(state: LabState): string {
  const running = (name: string, title: string) => {
    const program = state.programs.find((other) => other.name === name);
    return program === undefined ? `no ${title}` : isAlive(program) ? `${title} ${program.pid}` : `${title} has ended`;
  };
  const control = ["pharos", "control plane", running("control", "standalone"), state.namespaces[state.agents[0] ?? ""] ?? ""];
  const hosts = Object.entries(state.namespaces).map(([host, namespace]) => [
    host,
    "machine",
    running(`agent-${host}`, "agent"),
    namespace,
  ]);
  const pods = state.pods.map((pod) => [`${pod.podNamespace}/${pod.name}`, `pod on ${pod.host}`, "", pod.namespace]);
  return `lab ${state.name}\n${table(["NAME", "KIND", "PROGRAM", "NAMESPACE"], [control, ...hosts, ...pods])}`;
}
