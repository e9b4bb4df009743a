/** A call that a traced process made: its name with what tells it apart, begin and end by CLOCK_MONOTONIC, ns. */
export type TracedCall = readonly [name: string, began: number, ended: number];

/** What the traced executable writes into the file that `PHAROS_TRACE` names. */
export interface Trace {
  /** When the program began, ns. */
  readonly main: number;
  readonly calls: readonly TracedCall[];
}

/** The text that makes a traced executable: it runs before the program, in its scope. */
export function tracePreamble(): string {
  return `(${traceCalls.toString()})(require, process);`;
}

/**
 * Notes all that the program asks of the system: file calls, loading of the addon, and calls of libc through it. It runs inside the
 * executable, as text, so it uses nothing from outside itself.
 */
function traceCalls(require: NodeJS.Require, process: NodeJS.Process): void {
  type Anything = (...values: readonly unknown[]) => unknown;
  const now = (): number => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e9 + nanoseconds;
  };
  const main = now();
  const calls: (readonly [string, number, number])[] = [];
  const fs = require("node:fs");
  const { writeFileSync } = fs;
  const noted =
    (name: (values: readonly unknown[]) => string, call: Anything): Anything =>
    (...values) => {
      const began = now();
      try {
        return call(...values);
      } finally {
        calls.push([name(values), began, now()]);
      }
    };
  const told = () => {
    writeFileSync(process.env.PHAROS_TRACE ?? "/dev/null", JSON.stringify({ main, calls }));
  };
  const ended =
    (call: Anything): Anything =>
    (...values) => {
      told();
      return call(...values);
    };
  for (const name of Object.keys(fs).filter((key) => key.endsWith("Sync") && typeof fs[key] === "function"))
    fs[name] = noted(([first]) => `${name} ${String(first)}`, fs[name].bind(fs));
  const load = process.dlopen.bind(process);
  process.dlopen = (module: { exports: object }, ...rest) => {
    const began = now();
    load(module, ...rest);
    calls.push(["dlopen", began, now()]);
    const addon = module.exports as { load: (path: null) => { func: (declaration: string) => Anything } };
    const bind = (library: ReturnType<typeof addon.load>) => (declaration: string) => {
      const began = now();
      const call = library.func(declaration);
      calls.push(["bind", began, now()]);
      const name = /(\w+)\(/.exec(declaration)?.[1] ?? "";
      return name === "_exit"
        ? ended(call)
        : noted((values) => `${name} ${values.filter((value) => typeof value !== "object").join(" ")}`, call);
    };
    module.exports = Object.create(addon, { load: { value: (path: null) => ({ func: bind(addon.load(path)) }) } });
  };
  const quick = Reflect.get(process, "reallyExit") as Anything;
  Reflect.set(process, "reallyExit", ended(quick.bind(process)));
}
