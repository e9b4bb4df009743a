import { describe, expect, test } from "@jest/globals";
import { type Clock, silentLog, systemClock } from "@pharos/base";
import { type FollowedObjects, type FollowSourceOptions, followSource, type Source } from "./follow-source.ts";
import type { SourceEvent } from "./object-cache.ts";

interface Item {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}
const item = (name: string, resourceVersion: string): Item => ({ metadata: { name, resourceVersion } });
const added = (object: Item): SourceEvent<Item> => ({ type: "ADDED", object, resourceVersion: object.metadata.resourceVersion });

/** A collection whose watch tells only what it is given. */
class Collection implements Source<Item> {
  readonly name = "items";
  items: readonly Item[] = [];
  version = "1";
  lists = 0;
  endsAtOnce = false;
  #tell: (event: SourceEvent<Item>) => void = () => {};

  async list() {
    this.lists += 1;
    return { items: this.items, resourceVersion: this.version };
  }

  tell(event: SourceEvent<Item>): void {
    this.#tell(event);
  }

  async *watch({ signal }: { readonly signal: AbortSignal }) {
    while (!signal.aborted && !this.endsAtOnce) {
      const { promise, resolve } = Promise.withResolvers<SourceEvent<Item> | undefined>();
      this.#tell = resolve;
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
      const event = await promise;
      if (event !== undefined) yield event;
    }
  }
}

const faster = (times: number): Clock => ({
  ...systemClock,
  monotonic: () => performance.now() * times,
  sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
});

async function following(
  source: Collection,
  scenario: (followed: FollowedObjects<Item>, until: (holds: () => boolean) => Promise<void>) => Promise<void>,
  more: Partial<FollowSourceOptions<Item>> = {},
): Promise<void> {
  const stop = new AbortController();
  const followed = followSource(source, { signal: stop.signal, clock: faster(20), log: silentLog, relistInterval: 400, ...more });
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + 5000;
    while (!holds() && performance.now() < deadline) await systemClock.sleep(2);
    expect(holds()).toBe(true);
  };
  try {
    await until(followed.synced);
    await systemClock.sleep(5);
    await scenario(followed, until);
  } finally {
    stop.abort();
    await followed.finished;
  }
}

const texts = (items: readonly Item[]) => items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).join(" ");

describe("following a collection", () => {
  test("counts each change that the watch did not tell, and lists again", async () => {
    const source = new Collection();
    source.items = [item("changed", "1"), item("deleted", "1"), item("kept", "1")];
    await following(source, async (followed, until) => {
      source.items = [item("changed", "2"), item("kept", "1"), item("new", "3")];
      await until(() => followed.misses() === 3);
      await until(() => texts(followed.items()) === "changed@2 kept@1 new@3");
    });
  });

  test("compares with a list without telling anybody when the watch told all", async () => {
    const source = new Collection();
    source.items = [item("one", "1")];
    let syncs = 0;
    const onSync = () => {
      syncs += 1;
    };
    const scenario = async (followed: FollowedObjects<Item>, until: (holds: () => boolean) => Promise<void>) => {
      await until(() => source.lists >= 4);
      expect(followed.misses()).toBe(0);
      expect(syncs).toBe(1);
    };
    await following(source, scenario, { onSync });
  });

  test("a change that the watch tells later than a list counts as no miss", async () => {
    const source = new Collection();
    await following(source, async (followed, until) => {
      source.items = [item("late", "7")];
      source.version = "7";
      await until(() => source.lists === 2);
      source.tell(added(item("late", "7")));
      await until(() => texts(followed.items()) === "late@7");
      await until(() => source.lists >= 4);
      expect(followed.misses()).toBe(0);
    });
  });

  test("a watch that tells nothing any more is given up two minutes after a list showed more", async () => {
    const source = new Collection();
    const scenario = async (followed: FollowedObjects<Item>, until: (holds: () => boolean) => Promise<void>) => {
      source.items = [item("untold", "7")];
      source.version = "7";
      const before = source.lists;
      await until(() => source.lists > before);
      expect(followed.misses()).toBe(0);
      await until(() => followed.misses() === 1 && texts(followed.items()) === "untold@7");
    };
    await following(source, scenario, { clock: faster(200) });
  });

  test("a watch that ends at once makes no busy loop", async () => {
    const source = new Collection();
    source.endsAtOnce = true;
    await following(source, async () => systemClock.sleep(1000), { clock: systemClock });
    expect(source.lists).toBeGreaterThan(1);
    expect(source.lists).toBeLessThan(6);
  });
});
