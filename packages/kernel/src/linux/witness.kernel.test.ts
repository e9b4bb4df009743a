import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import type { Kernel } from "../kernel.ts";
import { linuxKernel } from "../linux.ts";
import type { SetElement } from "../netlink/set-element-message.ts";

const SPACE = `pagk${process.pid}`;
const inside = (...command: readonly string[]) => execFileSync("nsenter", [`--net=/run/netns/${SPACE}`, ...command]);

const port = (hostPort: number, to = "10.9.0.2"): SetElement => ({
  table: "t",
  set: "ports",
  key: [
    { kind: "protocol", protocol: "tcp" },
    { kind: "port", port: hostPort },
  ],
  data: [
    { kind: "address", address: to },
    { kind: "port", port: 80 },
  ],
});
const pair = (from: string, to: string): SetElement => ({
  table: "t",
  set: "pairs",
  key: [
    { kind: "prefix", prefix: from },
    { kind: "prefix", prefix: to },
  ],
});
const single = (address: string): SetElement => ({ table: "t", set: "pods", key: [{ kind: "address", address }] });

describe("the kernel as witness of what the plugin made", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    execFileSync("ip", ["netns", "add", SPACE]);
    kernel = await linuxKernel({ log: silentLog, namespacePath: `/run/netns/${SPACE}` });
  });
  afterAll(async () => {
    await kernel?.close();
    execFileSync("ip", ["netns", "delete", SPACE]);
  });

  test("shows links with bridge, state and mark", async () => {
    for (const command of [
      "link add br0 type bridge",
      "link add pv1 type veth peer name other",
      "link set pv1 master br0 up alias pharos-pod:a",
    ])
      inside("ip", ...command.split(" "));
    const links = await kernel.links();
    expect(links.find(({ name }) => name === "pv1")).toEqual({ name: "pv1", up: true, master: "br0", alias: "pharos-pod:a" });
    expect(links.find(({ name }) => name === "other")).toEqual({ name: "other", up: false });
  });

  test("tells which elements are missing: by key, by data, by set, by table", async () => {
    const wanted = [
      port(8080),
      port(8081),
      port(8082),
      pair("10.9.0.0/24", "10.9.0.2/32"),
      pair("10.9.0.0/24", "10.9.0.3/32"),
      single("10.9.0.2"),
    ];
    expect(await kernel.missingElements(wanted)).toEqual(wanted);
    const text = [
      "add table inet t",
      "add map inet t ports { type inet_proto . inet_service : ipv4_addr . inet_service; }",
      "add set inet t pairs { type ipv4_addr . ipv4_addr; flags interval; }",
      "add element inet t ports { tcp . 8080 : 10.9.0.2 . 80, tcp . 8081 : 10.9.0.9 . 80 }",
      "add element inet t pairs { 10.9.0.0/24 . 10.9.0.2 }",
    ].join("\n");
    execFileSync("nsenter", [`--net=/run/netns/${SPACE}`, "nft", "-f", "-"], { input: text });
    expect(await kernel.missingElements(wanted)).toEqual([port(8081), port(8082), pair("10.9.0.0/24", "10.9.0.3/32"), single("10.9.0.2")]);
  });

  test("reads sets of more elements than one message holds", async () => {
    const ports = Array.from({ length: 2000 }, (_, index) => 10_000 + index);
    const text = `add element inet t ports { ${ports.map((number) => `tcp . ${number} : 10.9.0.2 . 80`).join(", ")} }`;
    execFileSync("nsenter", [`--net=/run/netns/${SPACE}`, "nft", "-f", "-"], { input: text });
    expect(await kernel.missingElements([...ports.map((number) => port(number)), port(9999)])).toEqual([port(9999)]);
  });
});
