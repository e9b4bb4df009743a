import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { PharosError } from "@pharos/base";
import { EXAMPLE, runProgram } from "../../testing/run-program.ts";
import { parseTraffic } from "./explain.ts";

const FILES = EXAMPLE.flatMap((file) => ["-f", file]);
const explain = async (...args: readonly string[]) => {
  const { code, out, err } = await runProgram(["explain", ...FILES, ...args]);
  return { code, err, out: out.replaceAll(/\(\/[^)]*\/docs\/(.*):\d+\)/g, "(docs/$1:LINE)") };
};

describe("explain", () => {
  test("names the rule, its file and line, and the verdict of each hop", async () => {
    expect(await explain("vm1Eth0", "cloud_vm1", "tcp/50000")).toMatchInlineSnapshot(`
{
  "code": 0,
  "err": "",
  "out": "ACCEPT  vm1Eth0 → cloud_vm1 tcp/50000 (10.2.0.10 → 172.16.1.2)
  because RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on vm1 (output)
  rule    vm1Eth0 -> cloud_vm1: ACCEPT tcp dstPort 50000
  in      RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0]  (docs/examples/vehicle/routing.yaml:LINE)
  vm1          output   ACCEPT  RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on vm1 (output)
  soc1         forward  ACCEPT  RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on soc1 (forward)
",
}
`);
  });

  test("ends with 4 when the traffic is dropped, and says by whom", async () => {
    const { code, out } = await explain("podBr0", "cloud_vm1", "tcp/50000");
    expect(code).toBe(4);
    expect(out).toMatch(/^DROP {2}podBr0 → cloud_vm1 tcp\/50000/);
    expect(out).toContain("because default deny of Node/vehicle-network-node on vm1 (forward)");
  });

  test("asks about ICMP when no traffic is given", async () => {
    expect((await explain("vm1", "soc2")).out).toContain(" icmp ");
  });

  test("ends with 2 when an end is unknown", async () => {
    const { code, out, err } = await explain("vm1", "nowhere", "icmp");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("nowhere");
  });

  test("gives the answer as JSON, with the line of the rule", async () => {
    const lines = (await readFile(EXAMPLE[2] ?? "", "utf8")).split("\n");
    const { code, out } = await explain("vm1Eth0", "cloud_vm1", "tcp/50000", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      verdict: "ACCEPT",
      document: "RoutingConfig/network-routing-rules",
      place: `${EXAMPLE[2]}:${lines.findIndex((line) => line.includes("action: ACCEPT")) + 1}`,
    });
  });

  test("takes -f before its arguments", async () => {
    expect((await runProgram(["explain", ...FILES, "vm1", "vm2"])).code).not.toBe(2);
  });

  test("without documents it asks a server, and ends with 5 when none answers", async () => {
    const { code, err } = await runProgram(["explain", "vm1", "vm2", "icmp"]);
    expect(code).toBe(5);
    expect(err).toContain("PHAROS-7004");
  });
});

describe("traffic", () => {
  test.each([
    ["tcp/50000", { protocol: "tcp", port: 50000 }],
    ["UDP/1", { protocol: "udp", port: 1 }],
    ["tcp/65535", { protocol: "tcp", port: 65535 }],
    ["icmp", { protocol: "icmp" }],
    ["grpc", { protocol: "grpc" }],
  ])("%s is understood", (text, parsed) => {
    expect(parseTraffic(text)).toEqual(parsed);
  });

  test.each(["", "tcp/0", "tcp/65536", "tcp/", "tcp/-1", "tcp/1.5", "tcp/0x50", "tcp/1e3", "tcp/80/90", "icmp/8", "ip", "80"])(
    '"%s" is refused',
    (text) => {
      expect(() => parseTraffic(text)).toThrow(PharosError);
    },
  );
});
