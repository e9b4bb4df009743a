import { afterEach, describe, expect, test } from "@jest/globals";
import type { LabLayout } from "./layout.ts";
import { addNamespace, buildMachines, inNamespace, removeMachines } from "./machines.ts";
import { run, tryRun } from "./run.ts";

const LABS = ["labkta", "labktab"] as const;
afterEach(async () => {
  for (const lab of LABS) await removeMachines(lab);
});

const namespaces = async () => (await run("ip", ["netns", "list"])).split("\n").map((line) => line.split(" ")[0] ?? "");

/** Two machines without an agent on one switch. */
const LAYOUT: LabLayout = {
  namespaces: new Map([
    ["ecu1", "ph-labkta-ecu1"],
    ["ecu2", "ph-labkta-ecu2"],
  ]),
  wiring: "ph-labkta-wires",
  switches: ["sw0"],
  wires: ["ecu1", "ecu2"].map((host, index) => ({
    a: { namespace: `ph-labkta-${host}`, name: "eth0" },
    b: { namespace: "ph-labkta-wires", name: `p${index}`, switch: "sw0" },
  })),
  setups: ["ecu1", "ecu2"].map((host, index) => ({
    namespace: `ph-labkta-${host}`,
    addresses: [{ interface: "eth0", address: `10.1.0.${index + 1}/24` }],
    gateway: "10.1.0.9",
  })),
  agents: [],
};

describe("the machines of a lab", () => {
  test("without an agent reach each other over their wire", async () => {
    await buildMachines(LAYOUT);
    const ping = await tryRun("nsenter", inNamespace("ph-labkta-ecu1", ["ping", "-c1", "-W5", "10.1.0.2"]));
    expect(ping.code).toBe(0);
    expect(await run("ip", ["-n", "ph-labkta-ecu2", "route", "show", "default"])).toContain("via 10.1.0.9 dev eth0");
  });

  test("go, with pods that nobody wrote down, and those of another lab stay", async () => {
    await buildMachines(LAYOUT);
    await addNamespace("ph-labkta-pod-default-lost");
    await addNamespace("ph-labktab-soc1");
    await removeMachines("labkta");
    const left = (await namespaces()).filter((name) => name.startsWith("ph-labkta"));
    expect(left).toEqual(["ph-labktab-soc1"]);
  });

  test("are no error to remove when there are none", async () => {
    await expect(removeMachines("labkta")).resolves.toBeUndefined();
  });
});
