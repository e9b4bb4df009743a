/** A system call of a traced run: with its name and ordinal it is found again in another run of the same program. */
export interface TracedCall {
  readonly name: string;
  /** Which call of that name it is, from 1. */
  readonly ordinal: number;
  /** The line of the trace. */
  readonly text: string;
}

const RESTARTED = / = \? ERESTART/;

/**
 * Reads what `strace -o` wrote of one thread: a line per call, others (signals, exit) left out. A call that the kernel had begin anew,
 * as a sysctl does for as long as another changes the network, counts once.
 */
export function tracedCalls(trace: string): readonly TracedCall[] {
  const seen = new Map<string, number>();
  return trace.split("\n").flatMap((text) => {
    const name = /^([a-z0-9_]+)\(/.exec(text)?.[1];
    if (name === undefined || RESTARTED.test(text)) return [];
    const ordinal = (seen.get(name) ?? 0) + 1;
    seen.set(name, ordinal);
    return [{ name, ordinal, text }];
  });
}

/** The calls of a run in two parts. */
export interface TraceParts<Call extends TracedCall = TracedCall> {
  /** The start of the program, which touches nothing that could be left behind. */
  readonly start: readonly Call[];
  readonly own: readonly Call[];
}

/** The program's own part goes from the first call whose line has `mark` in it. */
export function splitAt(calls: readonly TracedCall[], mark: string | RegExp): TraceParts {
  const first = calls.findIndex(({ text }) => (typeof mark === "string" ? text.includes(mark) : mark.test(text)));
  if (first === -1) throw new RangeError(`no traced call has ${mark} in it`);
  // The first execve is the tracer's own.
  return { start: calls.slice(0, first).filter(({ name }) => name !== "execve"), own: calls.slice(first) };
}

/** Share of the runs that are spent on the start of the program. */
const START_SHARE = 0.1;

/** A run of the proof: where it is killed and what comes afterwards. */
export interface KillRun<Aftermath, Call extends TracedCall = TracedCall> {
  readonly call: Call;
  readonly aftermath: Aftermath;
}

/**
 * `count` runs, spread evenly over the calls; with more runs than calls each call comes several times, every time with another
 * aftermath. `phase`, from 0 to 1, moves the grid, so that repeated small proofs see other calls.
 */
export function killRuns<Aftermath, Call extends TracedCall>(
  { start, own }: TraceParts<Call>,
  aftermaths: readonly Aftermath[],
  { count, phase }: { count: number; phase: number },
): readonly KillRun<Aftermath, Call>[] {
  const early = start.length === 0 ? 0 : Math.floor(count * START_SHARE);
  return [...spread(start, early, phase), ...spread(own, count - early, phase)].map(({ item, turn }) => ({
    call: item,
    aftermath: at(aftermaths, turn),
  }));
}

/** At most `count` of the items, spread evenly; `phase`, from 0 to 1, moves the grid. */
export function sampled<T>(items: readonly T[], { count, phase }: { count: number; phase: number }): readonly T[] {
  if (items.length <= count) return items;
  return spread(items, count, phase).map(({ item }) => item);
}

/** `turn` differs from one choice to the next, and from one choice of an item to the next of the same. */
function spread<T>(items: readonly T[], count: number, phase: number): { item: T; turn: number }[] {
  if (items.length === 0) return [];
  const step = Math.max(1, items.length / Math.max(1, count));
  return Array.from({ length: count }, (_, index) => {
    const place = Math.floor((index + phase) * step);
    return { item: at(items, place), turn: step > 1 ? index : (place % items.length) + Math.floor(place / items.length) };
  });
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
}
