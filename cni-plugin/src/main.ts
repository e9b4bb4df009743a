import { readFileSync, writeSync } from "node:fs";
import { endProcess } from "./linux/libc.ts";
import { isNetavarkCall, runNetavark } from "./netavark/run-netavark.ts";
import { runPlugin } from "./plugin.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

const args = process.argv.slice(2);
if (process.env.CNI_COMMAND === undefined && isNetavarkCall(args)) {
  const output = runNetavark({ args, stdin: () => readFileSync(STDIN, "utf8"), runPlugin });
  write(STDOUT, output.stdout);
  endProcess(output.code);
}
if (process.env.CNI_COMMAND === undefined) {
  write(STDERR, "pharos-cni: CNI plugin of Pharos (CNI 0.3.1 to 1.1.0; netavark plugin API 1.0.0). Container runtimes call it.\n");
  endProcess(1);
}
const output = runPlugin({ env: process.env, stdin: readFileSync(STDIN, "utf8") });
write(STDOUT, output.stdout);
endProcess(output.code);
