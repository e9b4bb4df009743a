import * as fs from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { TrainingKernel } from "./training-kernel.ts";

/** The program of the plugin's executable, as boot.ts calls it. */
export type PluginProgram = (require: NodeJS.Require, process: NodeJS.Process) => void;

/** Looks like a network namespace that is not our own; nobody goes there. */
const NAMESPACE = "/proc/self/ns/uts";
const STDIN = 0;
const STDOUT = 1;
const UNLOCKED = 2;
const F_OFD_GETLK = 36;

const RANGES = [
  { subnet: "10.0.0.0/16", block: "10.0.0.0/16", rangeStart: "10.0.0.2", rangeEnd: "10.0.255.254", gateway: "10.0.0.1", exclude: [] },
  { subnet: "fd00::/64", block: "fd00::/64", rangeStart: "fd00::2", rangeEnd: "fd00::ffff", gateway: "fd00::1", exclude: [] },
];
const BRIDGE = { name: "net0", isGateway: true, ipMasq: true, ranges: RANGES, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] };
const DATA = { version: 1, defaultBridge: "net0", bridges: [BRIDGE] };
const BANDWIDTH = { ingressRate: 1e9, ingressBurst: 8e6, egressRate: 1e9, egressBurst: 8e6 };

/**
 * Runs the commands that a pod's life consists of, so that V8 compiles the functions that they need and no others. Files are real, in a folder
 * that goes again; the kernel is one that says yes. Nothing of the machine is changed.
 * @returns what each command answered on standard output.
 */
export function train(program: PluginProgram): readonly string[] {
  const folder = fs.mkdtempSync(join(tmpdir(), "pharos-training-"));
  try {
    const kernel = new TrainingKernel();
    const calls = ["VERSION", "STATUS", "ADD a", "ADD bb", "ADD bb", "ADD ccc", "DEL bb", "DEL a", "DEL a"];
    return calls.map((call) => {
      const [verb = "", pod = ""] = call.split(" ");
      return run(program, { verb, pod, folder, kernel });
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

interface Call {
  readonly verb: string;
  readonly pod: string;
  readonly folder: string;
  readonly kernel: TrainingKernel;
}

/** How the program ends. */
class Ended extends Error {}

function run(program: PluginProgram, { verb, pod, folder, kernel }: Call): string {
  const env = { CNI_COMMAND: verb, CNI_CONTAINERID: `${pod}-id`, CNI_NETNS: NAMESPACE, CNI_IFNAME: "eth0" };
  // Each pod has a host's port of its own.
  const portMappings = [{ hostPort: 8000 + pod.length, containerPort: 80, protocol: "tcp" }];
  const runtimeConfig = { portMappings, bandwidth: BANDWIDTH };
  const config = { cniVersion: "1.1.0", name: "pods", type: "pharos-cni", stateDir: join(folder, "ledger"), pharos: DATA, runtimeConfig };
  let answer = "";
  const files = {
    ...fs,
    readFileSync: (path: fs.PathOrFileDescriptor, options: BufferEncoding) =>
      path === STDIN ? JSON.stringify(config) : fs.readFileSync(path, options),
    writeFileSync: (path: string, text: string) => path.startsWith("/proc/") || fs.writeFileSync(path, text),
    writeSync: (descriptor: number, bytes: Buffer, ...rest: readonly number[]) => {
      if (descriptor !== STDOUT) return fs.writeSync(descriptor, bytes, ...rest);
      answer += bytes.toString();
      return bytes.length;
    },
  };
  const real = createRequire(import.meta.url);
  const modules: Readonly<Record<string, unknown>> = { "node:fs": files, "node:sea": { getRawAsset: () => new ArrayBuffer(8) } };
  const end = () => {
    throw new Ended();
  };
  const own = {
    env,
    argv: ["", ""],
    dlopen: (module: { exports: unknown }) => {
      module.exports = addonOf(kernel, end);
    },
    reallyExit: end,
    exit: end,
  };
  try {
    program(
      Object.assign((name: string) => modules[name] ?? real(name), real),
      Object.assign(Object.create(process), own),
    );
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return answer;
}

/** Stands for koffi: the calls of libc that the plugin makes. */
function addonOf(kernel: TrainingKernel, end: () => never) {
  const calls: Readonly<Record<string, (...values: never[]) => unknown>> = {
    socket: () => fs.openSync("/dev/null", "r"),
    setsockopt: () => 0,
    setns: () => 0,
    fcntl: (_: number, command: number, flock: Buffer) => {
      if (command === F_OFD_GETLK) flock.writeInt16LE(UNLOCKED);
      return 0;
    },
    crc32: (value: number, bytes: Buffer) => crc32(bytes, value),
    send: (socket: number, bytes: Buffer) => kernel.send(socket, bytes),
    recv: (socket: number, bytes: Buffer) => kernel.receive(socket, bytes),
    _exit: end,
  };
  const func = (declaration: string) => {
    const name = /(\w+)\(/.exec(declaration)?.[1] ?? "";
    return calls[name] ?? (() => 0);
  };
  return { load: () => ({ func }), errno: () => 0, address: () => 0, os: { errno: constants.errno } };
}
