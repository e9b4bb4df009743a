import { spawn } from "node:child_process";
import { once } from "node:events";

/** What happens to the nftables of a network namespace. */
export interface KernelWatch {
  /** Resolves with the time (`performance.now()`) at which the kernel told of an addition that names this number. */
  added(number: number): Promise<number>;
  stop(): Promise<void>;
}

const WITHIN_MS = 30_000;

/** Listens with `nft monitor`, which learns of a transaction when the kernel committed it. */
export async function watchKernel(namespace: string): Promise<KernelWatch> {
  const monitor = spawn("nsenter", [`--net=/run/netns/${namespace}`, "nft", "monitor", "new"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(monitor, "spawn");
  let expected: { readonly pattern: RegExp; readonly resolve: (at: number) => void } | undefined;
  let half = "";
  monitor.stdout.setEncoding("utf8");
  monitor.stdout.on("data", (chunk: string) => {
    const at = performance.now();
    const lines = `${half}${chunk}`.split("\n");
    half = lines.pop() ?? "";
    if (expected === undefined || !lines.some((line) => expected?.pattern.test(line))) return;
    expected.resolve(at);
    expected = undefined;
  });
  return {
    added: (number) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${number} did not reach the kernel`)), WITHIN_MS);
        const settle = (at: number) => {
          clearTimeout(timer);
          resolve(at);
        };
        expected = { pattern: new RegExp(`\\b${number}\\b`), resolve: settle };
      }),
    stop: async () => {
      const ended = once(monitor, "close");
      monitor.kill("SIGTERM");
      await ended;
    },
  };
}
