import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { revision, TestHost, uncompilable } from "./test-host.ts";

const OLD = ["eth0", "eth0 10.1.0.2/24"];
const NEW = ["eth0", "eth0 10.1.0.9/24"];
/** soc1's administrator has a link of this name, so no bridge can be called so. */
const TAKEN = "taken0";

describe("Agent", () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost();
  });
  afterEach(() => host.dispose());

  /** The agent has committed `revision(1)`. */
  async function running(): Promise<void> {
    host.start();
    host.publish(revision(1));
    await host.until("Committed 1");
  }

  test("commits a new revision and keeps it as the last good one", async () => {
    await running();
    expect(host.network()).toEqual(OLD);
    expect((await host.snapshots.read()).lastGood).toEqual(revision(1));
    host.publish(revision(2, { address: "10.1.0.9/24" }));
    await host.until("Committed 2");
    expect(host.network()).toEqual(NEW);
    expect((await host.snapshots.read()).lastGood?.number).toBe(2);
  });

  test("starts from disk without any store", async () => {
    await host.snapshots.writeLastGood(revision(4));
    host.start();
    await host.until("Committed 4");
    expect(host.network()).toEqual(OLD);
  });

  test("adopts without a single step when the kernel has everything", async () => {
    await running();
    await host.halt();
    const before = host.plans.length;
    host.start();
    await host.until("Committed 1");
    expect(host.plans).toHaveLength(before);
  });

  test("repairs what others break, woken by the event", async () => {
    await running();
    const began = systemClock.monotonic();
    host.kernel.disturb((state) => ({ ...state, addresses: [] }));
    expect(host.network()).toEqual(["eth0"]);
    while (host.network().length < 2 && systemClock.monotonic() - began < 3000) await systemClock.sleep(5);
    expect(host.network()).toEqual(OLD);
    expect(systemClock.monotonic() - began).toBeLessThan(2000);
  });

  test("changes nothing when the store is empty", async () => {
    await running();
    const before = host.plans.length;
    host.publish(undefined);
    await host.until("Committed 1");
    expect(host.plans).toHaveLength(before);
    expect(host.network()).toEqual(OLD);
  });

  test("runs the revision of a new store, though its number is smaller", async () => {
    host.start();
    host.publish(revision(7));
    await host.until("Committed 7");
    host.publish(revision(1, { epoch: "second", address: "10.1.0.9/24" }));
    await host.until("Committed 1");
    expect(host.network()).toEqual(NEW);
    expect((await host.snapshots.read()).lastGood?.epoch).toBe("second");
  });

  test("says that it waits when there is no revision anywhere, and leaves the kernel alone", async () => {
    host.start();
    await host.until("Starting -");
    expect(host.plans).toEqual([]);
  });

  test("uses the seed on the first boot, and never again once a revision was good", async () => {
    host.seed = revision(0, { address: "10.1.0.100/24", epoch: "seed" });
    host.start();
    await host.until("Committed 0");
    expect(host.network()).toEqual(["eth0", "eth0 10.1.0.100/24"]);
    host.publish(revision(1));
    await host.until("Committed 1");
    await host.halt();
    host.newest = undefined;
    host.start();
    await host.until("Committed 1");
    expect(host.network()).toEqual(OLD);
  });

  test("tries again, and rejects nothing, while the kernel cannot be read", async () => {
    await running();
    host.kernelFault = new Error("netlink is away");
    host.publish(revision(2, { address: "10.1.0.9/24" }));
    expect((await host.until("Degraded 1")).message).toContain("netlink is away");
    host.kernelFault = undefined;
    expect((await host.until("Committed 2")).rejected).toEqual([]);
    expect(host.network()).toEqual(NEW);
  });
});

describe("Agent, of a revision that this host cannot run", () => {
  let host: TestHost;
  beforeEach(async () => {
    host = new TestHost([TAKEN]);
    host.start();
    host.publish(revision(1, { bridges: ["podBr0"] }));
    await host.until("Committed 1");
  });
  afterEach(() => host.dispose());

  const refused = revision(2, { address: "10.1.0.9/24", bridges: ["podBr1", TAKEN] });

  test("goes back when the kernel refuses a step", async () => {
    const before = host.network();
    host.publish(refused);
    const report = await host.until("RolledBack 1");
    expect(report.message).toContain(TAKEN);
    expect(report.rejected).toMatchObject([{ epoch: "first", number: 2, hash: refused.hash }]);
    expect(host.network()).toEqual(before);
    expect((await host.snapshots.read()).lastGood?.number).toBe(1);
  });

  test("never tries that revision again by itself, also not after a restart", async () => {
    host.publish(refused);
    await host.until("RolledBack 1");
    const before = host.plans.length;
    host.publish(refused);
    await host.until("RolledBack 1");
    await host.halt();
    host.start();
    await host.until("RolledBack 1");
    expect(host.plans).toHaveLength(before);
  });

  test("runs the next revision all the same", async () => {
    host.publish(refused);
    await host.until("RolledBack 1");
    host.publish(revision(3, { address: "10.1.0.9/24" }));
    const report = await host.until("Committed 3");
    expect(report.rejected).toHaveLength(1);
    expect(host.network()).toEqual([...NEW, TAKEN]);
  });

  test("fails without a way back when it is the first revision, and leaves it at that", async () => {
    const first = new TestHost([TAKEN]);
    try {
      first.start();
      first.publish(refused);
      await first.until("Failed -");
      const before = first.plans.length;
      first.publish(refused);
      await first.until("Failed -");
      expect(first.plans).toHaveLength(before);
    } finally {
      await first.dispose();
    }
  });

  test("counts an exception of compile as a refusal: the last good revision stays, the other is remembered", async () => {
    const before = host.plans.length;
    host.publish(uncompilable(2));
    const report = await host.until("RolledBack 1");
    expect(report.message).toContain("PHAROS-4007");
    expect((await host.snapshots.read()).rejected).toMatchObject([{ number: 2, hash: "bad-2" }]);
    expect(host.plans).toHaveLength(before);
    host.publish(revision(3, { bridges: ["podBr0"] }));
    await host.until("Committed 3");
  });
});

describe("Agent, on a disk that refuses writes", () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost([TAKEN]);
  });
  afterEach(() => host.dispose());

  /** A folder where the file's draft should be: no write of it can succeed. */
  const blocked = (file: string) => join(host.folder, `${file}.tmp`);

  test("runs the revision, says Degraded with the reason, and commits as soon as the disk takes it", async () => {
    mkdirSync(blocked("last-good.json"));
    host.start();
    host.publish(revision(1));
    const report = await host.until("Degraded 1");
    expect(report.message).toContain("PHAROS-4002");
    expect(host.network()).toEqual([...OLD, TAKEN]);
    expect((await host.snapshots.read()).lastGood).toBeUndefined();
    rmdirSync(blocked("last-good.json"));
    await host.until("Committed 1");
    expect((await host.snapshots.read()).lastGood?.number).toBe(1);
  });

  test("still goes back from a refused revision, and remembers it in memory until the disk takes it", async () => {
    host.start();
    host.publish(revision(1));
    await host.until("Committed 1");
    mkdirSync(blocked("rejected.json"));
    host.publish(revision(2, { bridges: [TAKEN] }));
    await host.until("RolledBack 1");
    const before = host.plans.length;
    host.publish(host.newest);
    await host.until("RolledBack 1");
    expect(host.plans).toHaveLength(before);
    rmdirSync(blocked("rejected.json"));
    host.publish(host.newest);
    await host.until("RolledBack 1");
    expect((await host.snapshots.read()).rejected).toMatchObject([{ number: 2 }]);
  });

  test("goes on repairing when the live data cannot be stored", async () => {
    host.start();
    host.publish(revision(1));
    await host.until("Committed 1");
    mkdirSync(blocked("live.json"));
    host.live = { podNetworks: [], serviceRegistrations: [] };
    host.kernel.disturb((state) => ({ ...state, addresses: [] }));
    await host.until("Degraded 1");
    expect(host.network()).toEqual([...OLD, TAKEN]);
    rmdirSync(blocked("live.json"));
    await host.until("Committed 1");
  });
});
