import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SteadyPing } from "../probe/steady.ts";
import { eventually } from "../vehicle-lab.ts";
import { ECHO_PORT, type ExampleLab, exampleLab, routingConfig } from "./example-lab.ts";

const HOSTS = ["soc1", "soc2", "vm1", "vm2"] as const;

describe("a vehicle whose programs die", () => {
  let example: ExampleLab;
  beforeAll(async () => {
    example = await exampleLab("survive");
  });
  afterAll(() => example?.lab.down());

  /** What the kernel of a host carries, without counters and ages. */
  async function kernelOf(host: string): Promise<string> {
    const { lab } = example;
    const parts = [
      await lab.exec(host, ["nft", "-s", "list", "ruleset"]),
      await lab.exec(host, ["ip", "-4", "-o", "address"]),
      await lab.exec(host, ["ip", "-4", "route"]),
      await lab.exec(host, ["ip", "-br", "link"]),
    ];
    return parts.join("\n");
  }

  const restOf = (log: string, before: string) => log.slice(before.length);

  test("keeps its network while an agent is killed and started again, and the agent changes nothing", async () => {
    const { lab, spaceOf } = example;
    const before = await kernelOf("vm1");
    const ping = new SteadyPing(await spaceOf("perception-pod"), "10.2.1.7");
    const logged = await lab.log("agent-vm1");
    await lab.kill("agent-vm1");
    expect(await kernelOf("vm1")).toBe(before);
    await lab.restart("agent-vm1");
    await eventually(async () => expect(restOf(await lab.log("agent-vm1"), logged)).toContain("following"), 10_000).catch(() => {});
    expect(
      (await lab.api.applyConfiguration(routingConfig("z-after", "vm2", "soc2", ["{ action: ACCEPT, protocol: icmp }"]))).success,
    ).toBe(true);
    const count = await ping.stop();
    expect(count.received).toBe(count.sent);
    expect(restOf(await lab.log("agent-vm1"), logged)).not.toMatch(/link|address|route|sysctl/);
  });

  test("comes back from disk after a reboot without any store: links, addresses, routes and rules are as before", async () => {
    const { lab } = example;
    // After the reboot the objects of the table may be listed in another order.
    const network = async () => {
      const listed = (await lab.exec("soc2", ["ip", "-4", "route"])) + (await lab.exec("soc2", ["nft", "-s", "list", "ruleset"]));
      return listed.split("\n").sort();
    };
    const before = await network();
    await lab.kill("control");
    await lab.kill("agent-soc2");
    await lab.exec("soc2", ["nft", "flush", "ruleset"]);
    await lab.exec("soc2", ["ip", "address", "flush", "dev", "eth0"]);
    await lab.exec("soc2", ["ip", "link", "set", "eth0", "down"]);
    await lab.restart("agent-soc2");
    await eventually(async () => expect(await network()).toEqual(before), 10_000);
    await lab.restart("control");
    await lab.untilAnswering();
  });

  test("stays as it is when the store's file is removed, and a new store takes over what runs", async () => {
    const { lab, given } = example;
    const before = await Promise.all(HOSTS.map(kernelOf));
    const allocationsBefore = await lab.exec("vm1", ["ip", "-4", "-o", "address", "show", "dev", "podBr0"]);
    for (const suffix of ["", "-wal", "-shm"]) await rm(join(lab.options.folders.control, `pharos.sqlite${suffix}`), { force: true });
    await eventually(async () => expect(await lab.isAlive("control")).toBe(false), 15_000);
    expect(await Promise.all(HOSTS.map(kernelOf))).toEqual(before);
    await lab.restart("control");
    await lab.untilAnswering();
    expect(await Promise.all(HOSTS.map(kernelOf))).toEqual(before);
    const { success, message } = await lab.api.configureVehicleNetwork(given.text);
    expect({ success, message }).toMatchObject({ success: true });
    expect(await lab.exec("vm1", ["ip", "-4", "-o", "address", "show", "dev", "podBr0"])).toBe(allocationsBefore);
    await eventually(async () => {
      const pods = (await lab.api.getNetworkStatus("pod")).map(({ name, ipAddress }) => `${name} ${ipAddress}`);
      expect(pods.sort()).toEqual(["control-pod 10.2.1.7", "perception-pod 10.2.1.5"]);
    }, 10_000);
    await lab.prober("cloud_vm1");
    const prober = await lab.prober("vm1");
    expect(await prober.reaches({ protocol: "tcp", address: "172.16.1.2", port: ECHO_PORT })).toBe(true);
    expect(await prober.reaches({ protocol: "tcp", address: "172.16.1.2", port: 8080 })).toBe(false);
  });
});
