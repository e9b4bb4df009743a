import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SteadyPing, SteadyTcp } from "../probe/steady.ts";
import { ECHO_PORT, type ExampleLab, exampleLab, plansIn, routingConfig } from "./example-lab.ts";

/** Changes that are applied while packets flow. */
const CHANGES = Number(process.env.N ?? 200);

/** Pods may ping and open TCP 50000 to vm2; this never changes. */
const STEADY = routingConfig("a-steady", "podBr0", "vm2", [
  "{ action: ACCEPT, protocol: icmp }",
  `{ action: ACCEPT, protocol: tcp, dstPort: ${ECHO_PORT} }`,
]);
/** What changes: a port between other zones, and every fourth time one between the very zones of the steady flows. */
const changing = (turn: number) =>
  turn % 4 === 3
    ? routingConfig("b-changing", "podBr0", "vm2", [`{ action: ACCEPT, protocol: udp, dstPort: ${20000 + turn} }`])
    : routingConfig("b-changing", "vm2", "soc2", [`{ action: ACCEPT, protocol: tcp, dstPort: ${20000 + turn} }`]);

describe("a change of one document", () => {
  let example: ExampleLab;
  beforeAll(async () => {
    example = await exampleLab("change", STEADY);
  });
  afterAll(() => example?.lab.down());

  test("writes only the difference to the kernel", async () => {
    const { lab } = example;
    expect((await lab.api.applyConfiguration(changing(0))).success).toBe(true);
    const before = plansIn(await lab.log("agent-soc1")).length;
    expect((await lab.api.applyConfiguration(changing(1))).success).toBe(true);
    const plans = plansIn(await lab.log("agent-soc1")).slice(before);
    expect(plans).toHaveLength(1);
    const pair = "inet pharos pair-vm2Eth0-to-soc2Eth0";
    expect(
      (plans[0] ?? "")
        .replaceAll(/ comment "[^"]*"/g, "")
        .trim()
        .split("\n"),
    ).toEqual([
      "firewall apply",
      "  add table inet pharos",
      `  flush chain ${pair}`,
      `  add rule ${pair} tcp dport 20001 accept`,
      `  add rule ${pair} goto default-deny`,
    ]);
  });

  test("writes nothing at all when the documents say the same", async () => {
    const { lab } = example;
    const before = plansIn(await lab.log("agent-soc1")).length;
    const { success, configVersion } = await lab.api.applyConfiguration(changing(1));
    expect(success).toBe(true);
    expect((await lab.api.applyConfiguration(changing(1))).configVersion).toBe(configVersion);
    expect(plansIn(await lab.log("agent-soc1"))).toHaveLength(before);
  });

  test(`loses no ping and breaks no TCP connection over ${CHANGES} changes`, async () => {
    const { lab, spaceOf } = example;
    await lab.prober("vm2");
    await lab.prober("control-pod");
    const pod = await spaceOf("perception-pod");
    const routed = new SteadyPing(pod, "10.2.0.11");
    const bridged = new SteadyPing(pod, "10.2.1.7");
    const connection = await SteadyTcp.start(pod, "10.2.0.11", ECHO_PORT);
    for (let turn = 0; turn < CHANGES; turn++) {
      const { success, message } = await lab.api.applyConfiguration(changing(turn + 2));
      expect({ turn, success, message }).toMatchObject({ success: true });
    }
    const [routedCount, bridgedCount, tcp] = [await routed.stop(), await bridged.stop(), await connection.stop()];
    expect(routedCount.received).toBe(routedCount.sent);
    expect(bridgedCount.received).toBe(bridgedCount.sent);
    expect(routedCount.sent).toBeGreaterThan(CHANGES);
    expect(tcp).toMatchObject({ broken: "", received: tcp.sent });
  }, 300_000);

  test("cuts a running connection that it no longer allows", async () => {
    const { lab, spaceOf } = example;
    const connection = await SteadyTcp.start(await spaceOf("perception-pod"), "10.2.0.11", ECHO_PORT);
    const { success } = await lab.api.applyConfiguration(STEADY.replace(/.*protocol: tcp.*\n/, ""));
    expect(success).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { sent, received } = await connection.stop();
    expect(received).toBeLessThan(sent);
  });
});
