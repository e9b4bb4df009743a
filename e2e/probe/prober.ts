import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inNamespace } from "@pharos/lab";

const PROGRAM = fileURLToPath(new URL("probe.ts", import.meta.url));

export interface ProbeTarget {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly address: string;
  readonly port?: number;
}

/** Sends real packets from one network namespace, and echoes what arrives there on `ports`. */
export class Prober {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reached: boolean) => void>();
  #next = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts the probe program in a namespace; resolves when it serves. */
  static start(namespace: string, ports: readonly number[]): Promise<Prober> {
    const child = spawn("nsenter", inNamespace(namespace, [process.execPath, PROGRAM, ...ports.map(String)]), {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const prober = new Prober(child);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => reject(new Error(`probe in ${namespace} ended with ${code}`)));
      if (child.stdout === null) return reject(new Error("the probe has no output"));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const message = JSON.parse(line) as { ready?: boolean; id?: number; reached?: boolean };
        if (message.ready === true) resolve(prober);
        else prober.#settle(message.id ?? -1, message.reached === true);
      });
    });
  }

  /** True when an answer came back within `timeoutMs`. */
  reaches(target: ProbeTarget, timeoutMs = 400): Promise<boolean> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ id, ...target, timeoutMs })}\n`);
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null) return resolve();
      this.#child.removeAllListeners("close").once("close", () => resolve());
      this.#child.stdin?.end();
    });
  }

  #settle(id: number, reached: boolean): void {
    this.#waiting.get(id)?.(reached);
    this.#waiting.delete(id);
  }
}
