import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { PharosError } from "@pharos/base";
import { withNamespace } from "../namespace.ts";
import { NFT_CODES } from "./codes.ts";

/** Runs nft. `args` are passed as they are, without a shell. */
export interface NftRunner {
  /** Rejects with an `NftFailure` when nft ends with an error, with PHAROS-2051 or 2053 when it cannot be run. */
  run(args: readonly string[], stdin?: string): Promise<{ readonly stdout: string }>;
}

/** nft ended with an error; `message` is what it said. */
export class NftFailure extends Error {
  override readonly name = "NftFailure";
}

export interface SystemNftOptions {
  /** Default: the usual places (an ordinary user's PATH has no /usr/sbin), then `nft` from PATH. */
  readonly binary?: string;
  /** Path of the network namespace to run in, `/run/netns/NAME`; default: the caller's. */
  readonly namespacePath?: string;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

const PLACES: readonly string[] = ["/usr/local/sbin/nft", "/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"];

/** The nft of this machine. */
export function systemNft(options: SystemNftOptions = {}): NftRunner {
  const { binary = PLACES.find((place) => existsSync(place)) ?? "nft", namespacePath, timeoutMs = 30_000 } = options;
  const start = (args: readonly string[]): ChildProcessWithoutNullStreams =>
    spawn(binary, args, { timeout: timeoutMs, killSignal: "SIGKILL" });
  return {
    run: (args, stdin = "") => collect(namespacePath === undefined ? start(args) : withNamespace(namespacePath, () => start(args)), stdin),
  };
}

function collect(child: ChildProcessWithoutNullStreams, stdin: string): Promise<{ readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (cause) => reject(new PharosError(NFT_CODES.missing, "nft could not be started", { cause })));
    // nft may end before it has read all of a text that it refuses; its exit code says why.
    child.stdin.on("error", () => {});
    child.on("close", (code, signal) => {
      if (code === 0) resolve({ stdout: Buffer.concat(stdout).toString() });
      else if (signal !== null) reject(new PharosError(NFT_CODES.timeout, `nft was ended by ${signal}`));
      else reject(new NftFailure(firstLines(Buffer.concat(stderr).toString()) || `nft ended with ${code}`));
    });
    child.stdin.end(stdin);
  });
}

/** nft repeats a refused line, which can be very long, with marks under it. */
function firstLines(stderr: string): string {
  return stderr
    .trim()
    .split("\n")
    .slice(0, 9)
    .map((line) => line.slice(0, 300))
    .join("\n");
}
