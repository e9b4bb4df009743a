// A whole vehicle for the demo and for tests: the lab, the API, and probes in each machine and pod.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@pharos/base";
import type { Vehicle } from "@pharos/compiler";
import {
  inNamespace,
  isAlive,
  type LabOptions,
  type LabState,
  labDown,
  labFolders,
  labUp,
  namespaceOf,
  readState,
  restartProgram,
  startPod,
  stopPod,
} from "@pharos/lab";
import { type PiccoloClient, piccoloClient } from "./piccolo/client.ts";
import { Prober } from "./probe/prober.ts";

export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const READY_MS = 30_000;

export interface VehicleLabOptions {
  /** At most 8 characters; parallel labs need different ones. */
  readonly name: string;
  readonly vehicle: Vehicle;
  readonly callback?: string;
  readonly onProgress?: (line: string) => void;
  readonly root?: string;
}

/** The folder where the labs of the demo and of tests keep their files. */
export const LAB_ROOT = process.env.PHAROS_LAB_ROOT ?? "/run/pharos-lab";

export class VehicleLab {
  readonly options: LabOptions;
  readonly api: PiccoloClient;
  readonly #probers = new Map<string, Prober>();
  readonly #ports: readonly number[];

  private constructor(options: LabOptions, ports: readonly number[]) {
    this.options = options;
    this.#ports = ports;
    this.api = piccoloClient(`unix:${options.folders.socket}`);
  }

  /** Brings the machines up; no document is applied yet. */
  static async up(options: VehicleLabOptions, ports: readonly number[]): Promise<VehicleLab> {
    const labOptions: LabOptions = {
      name: options.name,
      folders: labFolders(LAB_ROOT, options.name),
      vehicle: options.vehicle,
      binaries: { pharos: [process.execPath, join(REPOSITORY, "dist/pharos.mjs")], plugin: join(REPOSITORY, "dist/pharos-cni") },
      ...(options.callback === undefined ? {} : { callback: options.callback }),
      env: process.env,
      clock: systemClock,
      onProgress: options.onProgress ?? (() => {}),
    };
    await labUp(labOptions);
    const lab = new VehicleLab(labOptions, ports);
    await lab.untilAnswering();
    return lab;
  }

  state(): Promise<LabState> {
    return readState(this.options.folders);
  }

  /** Name of the network namespace of a machine or pod. */
  async namespaceOf(place: string): Promise<string> {
    return namespaceOf(await this.state(), place);
  }

  /** Waits until the control plane answers. */
  async untilAnswering(): Promise<void> {
    await eventually(() => this.api.getNetworkStatus(), READY_MS);
  }

  /** Starts a pod without a network, as a container runtime would before Piccolo asks for one. */
  async startPod(
    name: string,
    host: string,
    annotations: Readonly<Record<string, string>> = {},
    labels: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await startPod(this.options.folders, await this.state(), { name, podNamespace: "default", host, labels, annotations });
  }

  async stopPod(name: string): Promise<void> {
    const state = await this.state();
    const pod = state.pods.find((other) => other.name === name);
    if (pod === undefined) throw new Error(`no pod ${name}`);
    await this.#probers.get(name)?.stop();
    this.#probers.delete(name);
    await stopPod(this.options.folders, state, pod, this.options.binaries.plugin);
  }

  /** A probe in a machine or pod; started on first use. */
  async prober(place: string): Promise<Prober> {
    const known = this.#probers.get(place);
    if (known !== undefined) return known;
    const prober = await Prober.start(await this.namespaceOf(place), this.#ports);
    this.#probers.set(place, prober);
    return prober;
  }

  /** Runs a program on a machine or in a pod; answers what it wrote, throws when it fails. */
  async exec(place: string, command: readonly string[], stdin?: string): Promise<string> {
    const { code, output } = await this.tryExec(place, command, stdin);
    if (code !== 0) throw new Error(`${command.join(" ")} on ${place} ended with ${code}: ${output}`);
    return output;
  }

  async tryExec(place: string, command: readonly string[], stdin = ""): Promise<{ code: number; output: string }> {
    const child = spawn("nsenter", inNamespace(await this.namespaceOf(place), command), { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stdin.on("error", () => {}).end(stdin);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -1, output }));
    });
  }

  /** Ends a program of the lab with SIGKILL (`agent-vm1`, `control`), as a crash would. */
  async kill(program: string): Promise<void> {
    const found = (await this.state()).programs.find((other) => other.name === program);
    if (found === undefined || !isAlive(found)) throw new Error(`${program} does not run`);
    process.kill(found.pid, "SIGKILL");
    await eventually(() => {
      if (isAlive(found)) throw new Error(`${program} still lives`);
    }, 5000);
  }

  /** Whether a program of the lab runs. */
  async isAlive(program: string): Promise<boolean> {
    const found = (await this.state()).programs.find((other) => other.name === program);
    return found !== undefined && isAlive(found);
  }

  async restart(program: string): Promise<void> {
    await restartProgram(this.options, program);
  }

  /** The log of a program so far. */
  log(program: string): Promise<string> {
    return readFile(this.options.folders.log(program), "utf8");
  }

  async stopProbes(): Promise<void> {
    await Promise.all([...this.#probers.values()].map((prober) => prober.stop()));
    this.#probers.clear();
  }

  async down(): Promise<void> {
    this.api.close();
    await this.stopProbes();
    await labDown(this.options.folders, systemClock);
  }
}

/** Repeats `attempt` until it does not throw; after `timeoutMs` its last error is thrown. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs: number): Promise<T> {
  const deadline = systemClock.monotonic() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (systemClock.monotonic() > deadline) throw error;
      await systemClock.sleep(25);
    }
  }
}
