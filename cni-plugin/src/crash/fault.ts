import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildEnd } from "./child.ts";
import { type Expected, failureOf, faultsAfter, learnExpected } from "./expectation.ts";
import type { Verb } from "./kill.ts";
import { BYSTANDER, PharosHost } from "./pharos-host.ts";
import { type TracedCall, tracedCalls } from "./trace.ts";

/** A system call that fails. */
export interface Fault {
  readonly call: TracedCall;
  /** Name of the error number: `ENOSPC`. */
  readonly error: string;
  /** All later calls of that name fail too, so that what was done cannot be taken back. */
  readonly lasts: boolean;
}

/** Calls of a trace (`strace -y`), how they fail, and the CNI code that the runtime is owed: 11 where the same call may succeed later. */
interface FaultClass {
  readonly name: RegExp;
  readonly text: RegExp;
  readonly errors: Readonly<Record<string, number>>;
}

const CLASSES: readonly FaultClass[] = [
  { name: /^(write|pwrite64|fdatasync|fsync|ftruncate|rename|mkdir)$/, text: /\/ledger[>"/]/, errors: { ENOSPC: 11, EIO: 11 } },
  { name: /^openat$/, text: /\/ledger["/].*O_CREAT/, errors: { ENOSPC: 11, EROFS: 11 } },
  { name: /^openat$/, text: /\/ledger\/ledger"/, errors: { EIO: 5 } },
  { name: /^(read|pread64)$/, text: /\/ledger\/ledger>/, errors: { EIO: 5 } },
  { name: /^fcntl$/, text: /F_OFD_SETLK/, errors: { ENOLCK: 11 } },
  { name: /^sendto$/, text: /./, errors: { ENOBUFS: 11, EPERM: 101 } },
  { name: /^recvfrom$/, text: /./, errors: { ENOBUFS: 11 } },
  { name: /^socket$/, text: /NETLINK/, errors: { ENFILE: 11 } },
  { name: /^setns$/, text: /./, errors: { EPERM: 101 } },
];

/** Calls whose lasting failure does not keep the program from telling of it. */
const MAY_LAST = /^(fdatasync|ftruncate|sendto|recvfrom)$/;

/** All faults that the calls of a run can have. */
export function faultsOf(calls: readonly TracedCall[]): readonly Fault[] {
  return calls.flatMap((call) =>
    Object.keys(classOf(call)?.errors ?? {}).flatMap((error) =>
      (MAY_LAST.test(call.name) ? [false, true] : [false]).map((lasts) => ({ call, error, lasts })),
    ),
  );
}

function classOf({ name, text }: Pick<TracedCall, "name" | "text">): FaultClass | undefined {
  return CLASSES.find((one) => one.name.test(name) && one.text.test(text));
}

/**
 * The CNI code that is owed for the call that failed in a run, read from its trace; undefined when none of the calls above did:
 * the start of a program does not make the same calls each time.
 */
export function owedCode(trace: string, { call: { name }, error }: Fault): number | undefined {
  const text = trace.split("\n").find((line) => line.includes("(INJECTED)"));
  return text === undefined ? undefined : classOf({ name, text })?.errors[error];
}

/** What a run with a fault gave. */
export interface FaultOutcome {
  /** False where the program did not come to the call. */
  readonly injected: boolean;
  readonly faults: readonly string[];
}

const HANG_MS = 30_000;

/** A host on which calls of the plugin fail. */
export class FaultBench {
  readonly #pharos: PharosHost;
  #expected: Expected = { detached: [], attached: [] };

  constructor(prefix: string, plugin: string) {
    this.#pharos = new PharosHost(prefix, plugin);
  }

  async start(): Promise<void> {
    await this.#pharos.host.start();
    await this.#pharos.must("ADD", { pod: BYSTANDER });
    this.#expected = await learnExpected(this.#pharos);
  }

  remove(): void {
    this.#pharos.host.remove();
  }

  /** The system calls of one undisturbed run, with the paths of their descriptors. */
  async trace(verb: Verb): Promise<readonly TracedCall[]> {
    if (verb !== "ADD") await this.#pharos.must("ADD");
    const file = join(this.#pharos.host.folder, "trace");
    await this.#pharos.must(verb, { through: ["strace", "-qq", "-y", "-o", file] });
    if (verb === "ADD") await this.#pharos.must("DEL");
    return tracedCalls(readFileSync(file, "utf8"));
  }

  /** One run with a fault; then the same call without, or where nothing could be taken back DEL or GC; then DEL. */
  async run(verb: Verb, fault: Fault): Promise<FaultOutcome> {
    if (verb !== "ADD") await this.#pharos.must("ADD");
    const { end, code } = await this.#disturbed(verb, fault);
    const told = code === undefined ? [] : await this.#judge({ verb, fault, code }, end);
    const next = fault.lasts ? (fault.call.ordinal % 2 === 0 ? "DEL" : "GC") : verb;
    const faults = [...told, ...(await this.#then(next))];
    return { injected: code !== undefined, faults: next === "ADD" ? [...faults, ...(await this.#then("DEL"))] : faults };
  }

  /** A call that must succeed and bring the host to what it is for. */
  async #then(verb: Verb): Promise<readonly string[]> {
    const end = await this.#pharos.call(verb);
    return [...failureOf(`${verb} afterwards`, end), ...(await faultsAfter(`${verb} afterwards`, this.#wanted(verb), this.#pharos))];
  }

  #wanted(verb: Verb): readonly string[] {
    return verb === "ADD" ? this.#expected.attached : this.#expected.detached;
  }

  async #disturbed(verb: Verb, fault: Fault): Promise<{ end: ChildEnd; code: number | undefined }> {
    const { call, error, lasts } = fault;
    const file = join(this.#pharos.host.folder, "trace");
    const injection = `inject=${call.name}:error=${error}:when=${call.ordinal}${lasts ? "+" : ""}`;
    const through = ["strace", "-qq", "-y", "-o", file, "-e", `trace=${call.name}`, "-e", injection];
    const end = await this.#pharos.call(verb, { through: ["timeout", "--signal=KILL", String(HANG_MS / 1000), ...through] });
    return { end, code: owedCode(readFileSync(file, "utf8"), fault) };
  }

  /** Success only with all done; else a CNI error with the code, and nothing left of an ADD that could take back what it did. */
  async #judge({ verb, fault, code }: { verb: Verb; fault: Fault; code: number }, end: ChildEnd): Promise<readonly string[]> {
    if (end.code === 0) return faultsAfter("success", this.#wanted(verb), this.#pharos);
    const told = end.code === 1 ? JSON.parse(end.stdout || "{}") : {};
    const faults =
      told.code === code && String(told.msg).startsWith("PHAROS-") ? [] : [`told: ${end.signal ?? ""} ${end.stdout}${end.stderr}`];
    if (verb !== "ADD" || fault.lasts) return faults;
    return [...faults, ...(await faultsAfter("failure", this.#expected.detached, this.#pharos))];
  }
}
