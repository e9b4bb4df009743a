import { afterEach, describe, expect, test } from "@jest/globals";
import { type Log, PharosError, silentLog, systemClock } from "@pharos/base";
import { type KubernetesObject, STORE_INVALID, STORE_UNAVAILABLE, type Workloads } from "@pharos/store";
import type { WorkloadsDecision } from "./decide-workloads.ts";
import type { WorkloadObject } from "./kubernetes-objects.ts";
import { WorkloadWriter } from "./workload-writer.ts";

const object = (name: string, spec = {}): WorkloadObject => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
const decision = (more: Partial<WorkloadsDecision>): WorkloadsDecision => ({
  apply: [],
  remove: [],
  register: [],
  unregister: [],
  states: new Map(),
  ...more,
});

let stop: AbortController | undefined;
afterEach(() => stop?.abort());

function writer(refuse: (object: KubernetesObject) => PharosError | undefined) {
  stop = new AbortController();
  const written: string[] = [];
  const lines: string[] = [];
  let changes = 0;
  const write = (verb: string) => async (given: KubernetesObject) => {
    written.push(`${verb} ${given.metadata.name}`);
    const error = refuse(given);
    if (error !== undefined) throw error;
  };
  const workloads: Workloads = {
    apply: async (given) => write("apply")(given).then(() => given),
    delete: write("remove"),
    list: async () => [],
    isTaken: async () => false,
    watch: async () => undefined,
  };
  const never = async (): Promise<never> => {
    throw new Error("no registry entry is written");
  };
  const log: Log = { ...silentLog, error: (line) => void lines.push(line) };
  const onChange = () => {
    changes += 1;
  };
  const store = { create: never, update: never, delete: never };
  const one = new WorkloadWriter({ store, workloads, clock: systemClock, log, random: () => 0, onChange });
  void one.run(stop.signal);
  return { one, written, lines, changes: () => changes };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(5);
}

const invalid = new PharosError(STORE_INVALID, "quota exceeded", { action: "" });

describe("the writer of workloads", () => {
  test("an object that is refused keeps no other from being written, and its reason is told once", async () => {
    const { one, written, lines, changes } = writer(({ metadata }) => (metadata.name === "bad" ? invalid : undefined));
    one.want(decision({ apply: [object("bad"), object("new")], remove: [object("old")] }));
    await until(() => written.length >= 4);
    expect(written).toEqual(["apply bad", "apply new", "remove old", "apply bad"]);
    expect([...one.refusals()]).toEqual([["Service /bad", `${STORE_INVALID.code} quota exceeded`]]);
    expect(lines).toEqual([expect.stringMatching(/^PHAROS-3204 Service \/bad cannot be written: .*quota exceeded/)]);
    expect(changes()).toBe(1);
  });

  test("the same decision again neither repeats a refused write at once nor forgets why it was refused", async () => {
    const { one, written } = writer(() => invalid);
    for (let round = 0; round < 5; round += 1) {
      one.want(decision({ apply: [object("bad")] }));
      await systemClock.sleep(20);
    }
    expect(written).toEqual(["apply bad"]);
    expect(one.refusals().size).toBe(1);
  });

  test("another content is tried at once, and what is wanted no more is not written again", async () => {
    const { one, written, changes } = writer((given) => ("image" in (given as WorkloadObject).spec ? undefined : invalid));
    one.want(decision({ apply: [object("bad"), object("gone")] }));
    await until(() => one.refusals().size === 2);
    one.want(decision({ apply: [object("bad", { image: "good" })] }));
    await until(() => written.length === 3);
    expect(one.refusals().size).toBe(0);
    expect(written).toEqual(["apply bad", "apply gone", "apply bad"]);
    await systemClock.sleep(700);
    expect(written).toHaveLength(3);
    expect(changes()).toBe(2);
  });

  test("an API server that is away refuses nothing", async () => {
    const { one, written, lines } = writer(() => new PharosError(STORE_UNAVAILABLE, "away"));
    one.want(decision({ apply: [object("a")] }));
    await until(() => written.length === 2);
    expect([one.refusals().size, lines]).toEqual([0, []]);
  });
});
