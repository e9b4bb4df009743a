import { readFileSync, writeSync } from "node:fs";
import { isNetavarkCall, runNetavark } from "./netavark/run-netavark.ts";
import { runPlugin } from "./plugin.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Ends at once: a normal end would wait for V8 to take its heap apart, which costs several milliseconds per pod. */
function exit(code: number): never {
  const quick: unknown = Reflect.get(process, "reallyExit");
  if (typeof quick === "function") quick.call(process, code);
  process.exit(code);
}

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

const args = process.argv.slice(2);
if (process.env.CNI_COMMAND === undefined && isNetavarkCall(args)) {
  const output = runNetavark({ args, stdin: () => readFileSync(STDIN, "utf8"), runPlugin });
  write(STDOUT, output.stdout);
  exit(output.code);
}
if (process.env.CNI_COMMAND === undefined) {
  write(STDERR, "pharos-cni: CNI plugin of Pharos (CNI 0.3.1 to 1.1.0; netavark plugin API 1.0.0). Container runtimes call it.\n");
  exit(1);
}
const output = runPlugin({ env: process.env, stdin: readFileSync(STDIN, "utf8") });
write(STDOUT, output.stdout);
exit(output.code);
