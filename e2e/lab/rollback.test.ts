import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Store } from "@pharos/store";
import { SteadyPing } from "../probe/steady.ts";
import { eventually } from "../vehicle-lab.ts";
import { ECHO_PORT, type ExampleLab, exampleLab } from "./example-lab.ts";
import { documentsIn, kernelOf, pointOf, storeOf } from "./whole-state.ts";

/** On vm2 the administrator has a link of this name, which is no bridge and none of ours. */
const TAKEN = "podBr1";
const DOCUMENT = `apiVersion: v1
kind: bridge
metadata:
  name: second-pod-bridge
spec:
  bridges:
    - name: ${TAKEN}
      type: bridge
      bridgeFor: pod
      hosts: [vm1, vm2]
      isGateway: true
      ipam:
        type: host-local
        ranges:
          - subnet: 10.2.2.0/24
`;

describe("a revision that the kernel of one host refuses", () => {
  let example: ExampleLab;
  let store: Store;
  beforeAll(async () => {
    example = await exampleLab("rollback");
    store = storeOf(example.lab);
    await example.lab.exec("vm2", ["ip", "link", "add", TAKEN, "type", "veth", "peer", "name", "theirs1"]);
    await eventually(async () => {
      for (const host of OTHERS) expect(await kernelOf(example.lab, host)).not.toContain("tentative");
    }, 10_000);
  });
  afterAll(async () => {
    await store?.close();
    await example?.lab.down();
  });

  const OTHERS = ["soc1", "soc2", "vm1"];
  const plansOf = async (host: string) => (await example.lab.log(`agent-${host}`)).split("info plan ").length;
  const others = () => Promise.all(OTHERS.map((host) => kernelOf(example.lab, host)));
  const foreign = () => example.lab.exec("vm2", ["ip", "-d", "-o", "link", "show", "dev", TAKEN]);
  const runsEverywhere = (number: number) =>
    eventually(async () => {
      const { items } = await store.list("HostReport");
      const runs = items.map(({ metadata, status }) => `${metadata.name} ${status?.state} ${status?.revision?.number}`);
      expect(runs).toEqual(["soc1", "soc2", "vm1", "vm2"].map((host) => `${host} Committed ${number}`));
    }, 10_000);

  test("is answered success=false with the host and the reason, and the former content runs everywhere again", async () => {
    const { lab, spaceOf } = example;
    await lab.prober("cloud_vm1");
    const prober = await lab.prober("vm1");
    const before = {
      documents: await documentsIn(store),
      others: await others(),
      vm2: await kernelOf(lab, "vm2"),
      foreign: await foreign(),
    };
    const { revision } = await pointOf(store);
    const ping = new SteadyPing(await spaceOf("perception-pod"), "10.2.1.7");
    const { success, message, configVersion } = await lab.api.applyConfiguration(DOCUMENT);
    const { sent, received } = await ping.stop();
    expect({ success, configVersion }).toEqual({ success: false, configVersion: "" });
    expect(message).toContain("vm2");
    expect(message).toContain(`${TAKEN} exists as veth, not as bridge`);
    expect(await documentsIn(store)).toBe(before.documents);
    await runsEverywhere(revision + 2);
    expect(await others()).toEqual(before.others);
    expect(await kernelOf(lab, "vm2")).toBe(before.vm2);
    expect(await foreign()).toBe(before.foreign);
    expect(sent).toBeGreaterThan(0);
    expect(received).toBe(sent);
    expect(await prober.reaches({ protocol: "tcp", address: "172.16.1.2", port: ECHO_PORT })).toBe(true);
    expect(await prober.reaches({ protocol: "tcp", address: "172.16.1.2", port: 8080 })).toBe(false);
  });

  test("is not tried again by the host: not by events, and not after the agent died", async () => {
    const { lab } = example;
    const plans = await plansOf("vm2");
    const { revision } = await pointOf(store);
    await lab.exec("vm2", ["ip", "link", "set", "theirs1", "up"]);
    await lab.exec("vm2", ["ip", "link", "set", "theirs1", "down"]);
    await lab.kill("agent-vm2");
    await lab.restart("agent-vm2");
    await runsEverywhere(revision);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await plansOf("vm2")).toBe(plans);
    expect((await pointOf(store)).revision).toBe(revision);
    const report = await store.get({ kind: "HostReport", name: "vm2" });
    expect(report?.status?.rejected).toMatchObject([{ reason: expect.stringContaining(TAKEN) }]);
  });

  test("runs once the cause is gone and somebody asks for it again", async () => {
    const { lab } = example;
    await lab.exec("vm2", ["ip", "link", "del", TAKEN]);
    expect(await lab.api.applyConfiguration(DOCUMENT)).toMatchObject({ success: true });
    expect(await lab.exec("vm2", ["ip", "-d", "link", "show", "dev", TAKEN])).toContain("bridge");
    expect(await lab.exec("vm1", ["ip", "-d", "link", "show", "dev", TAKEN])).toContain("bridge");
  });
});
