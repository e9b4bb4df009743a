import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inNamespace } from "@pharos/lab";

const TCP_PROGRAM = fileURLToPath(new URL("steady-tcp.ts", import.meta.url));

export interface PingCount {
  readonly sent: number;
  readonly received: number;
}

/** A network namespace by its name or by a process in it. */
type Place = string | { readonly pid: number };

function enter(place: Place, command: readonly string[]): readonly string[] {
  return typeof place === "string" ? inNamespace(place, command) : ["--target", String(place.pid), "--net", "--", ...command];
}

/** Pings every 10 ms from a namespace until `stop`. */
export class SteadyPing {
  readonly #child: ChildProcess;
  /** From the start: ping ends by itself where there is no route. */
  readonly #ended: Promise<unknown>;
  #output = "";

  constructor(place: Place, address: string) {
    this.#child = spawn("nsenter", enter(place, ["ping", "-n", "-q", "-i", "0.01", "-W", "1", address]), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
  }

  async stop(): Promise<PingCount> {
    this.#child.kill("SIGINT");
    await this.#ended;
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(this.#output) ?? [];
    return { sent: Number(sent), received: Number(received) };
  }
}

export interface TcpCount {
  readonly sent: number;
  readonly received: number;
  /** Why the connection ended early; empty: it did not. */
  readonly broken: string;
}

/** One TCP connection from a namespace to an echo server, kept busy until `stop`. */
export class SteadyTcp {
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(namespace: string, address: string, port: number): Promise<SteadyTcp> {
    const child = spawn("nsenter", inNamespace(namespace, [process.execPath, TCP_PROGRAM, address, String(port)]), {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const steady = new SteadyTcp(child);
    return new Promise((resolve, reject) => {
      child.once("close", (code) => reject(new Error(`the connection could not be made (${code})`)));
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        steady.#output += text;
        if (steady.#output.startsWith("connected")) resolve(steady);
      });
    });
  }

  async stop(): Promise<TcpCount> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin?.end();
    await ended;
    return JSON.parse(this.#output.trim().split("\n").at(-1) ?? "") as TcpCount;
  }
}
