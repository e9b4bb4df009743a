import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DhcpSegment, honest } from "@pharos/dhcp/testing";
import { withNamespace } from "@pharos/kernel/namespace";
import { eventually } from "../vehicle-lab.ts";
import { type ExampleLab, exampleLab } from "./example-lab.ts";

const SERVER = `pdhl${process.pid}-dhcp`;
const WIRE = `apiVersion: v1
kind: bridge
metadata: { name: wire }
spec:
  bridges:
    - { name: wireBr, bridgeFor: pod, hosts: [vm1], ipam: { type: dhcp, routes: [{ dst: 10.77.0.0/16 }] } }`;

describe("a bridge of a document that says ipam.type dhcp", () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-lab-dhcp-"));
  let example: ExampleLab;
  let segment: DhcpSegment;

  beforeAll(async () => {
    example = await exampleLab("dhcp", WIRE);
    execFileSync("ip", ["netns", "add", SERVER]);
    const inside = <T>(namespace: string, work: () => T) => withNamespace(`/run/netns/${namespace}`, work);
    segment = new DhcpSegment({ host: await example.spaceOf("vm1"), server: SERVER, bridge: "wireBr", folder, inside });
  });

  afterAll(async () => {
    await segment?.stop();
    await example?.lab.down();
    execFileSync("ip", ["netns", "del", SERVER]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("gives a requested pod a leased address, which Pharos tells, and which an agent that was killed goes on prolonging", async () => {
    const { lab } = example;
    segment.script(honest("10.4.0.5", { leaseSeconds: 60, renewSeconds: 2 }));
    await lab.startPod("camera", "vm1", { "pharos.io/bridge": "wireBr" });
    const { requestId } = await lab.api.requestNetworkPod({ nodeYaml: "", podName: "camera", networkYaml: "" });
    await eventually(async () => expect(await lab.api.getNetworkStatus(`request:${requestId}`)).toMatchObject([{ status: "up" }]), 30_000);
    expect(segment.heard.slice(0, 2)).toEqual(["discover", "request 10.4.0.5"]);
    expect(await lab.exec("camera", ["ip", "-4", "-o", "address", "show", "dev", "eth0"])).toContain("10.4.0.5/24");
    expect(await lab.exec("camera", ["ip", "route", "show", "10.77.0.0/16"])).toContain("via 10.4.0.1 dev eth0");
    expect(await lab.exec("camera", ["ping", "-c", "1", "-W", "5", "10.4.0.1"])).toContain("1 received");
    await eventually(async () => {
      const pods = (await lab.api.getNetworkStatus("pod")).map(({ name, ipAddress }) => `${name} ${ipAddress}`);
      expect(pods).toContain("camera 10.4.0.5");
    }, 10_000);

    await lab.kill("agent-vm1");
    segment.heard.length = 0;
    await lab.restart("agent-vm1");
    await eventually(() => expect(segment.heard).toContain("request 10.4.0.5"), 30_000);
    expect(segment.heard).not.toContain("discover");

    await lab.stopPod("camera");
    await eventually(() => expect(segment.heard).toContain("release 10.4.0.5"), 10_000);
  }, 120_000);
});
