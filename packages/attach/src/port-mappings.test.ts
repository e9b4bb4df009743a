import { describe, expect, test } from "@jest/globals";
import { readPortMappings, requireFreePorts } from "./port-mappings.ts";

describe("port mappings", () => {
  test("are read in lower case, and those without a host port ask for nothing", () => {
    const given = [
      { hostPort: 8080, containerPort: 80, protocol: "TCP", hostIP: "0.0.0.0" },
      { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "10.0.0.1" },
      { hostPort: 0, containerPort: 80 },
      { containerPort: 81 },
    ];
    expect(readPortMappings(given)).toEqual([
      { protocol: "tcp", hostPort: 8080, containerPort: 80 },
      { protocol: "udp", hostPort: 53, containerPort: 5353, hostIP: "10.0.0.1" },
    ]);
  });

  test("are read as containerd writes them", () => {
    expect(readPortMappings([{ HostPort: 18080, ContainerPort: 8080, Protocol: "tcp", HostIP: "" }])).toEqual([
      { protocol: "tcp", hostPort: 18080, containerPort: 8080 },
    ]);
  });

  test.each([
    ["a port that is none", [{ hostPort: 70000, containerPort: 80 }], "portMappings[0].hostPort"],
    ["a protocol that is none", [{ hostPort: 80, containerPort: 80, protocol: "icmp" }], "portMappings[0].protocol"],
    ["an address that is none", [{ hostPort: 80, containerPort: 80, hostIP: "here" }], "portMappings[0].hostIP"],
    [
      "one port twice",
      [
        { hostPort: 80, containerPort: 1 },
        { hostPort: 80, containerPort: 2, hostIP: "10.0.0.1" },
      ],
      "portMappings[1]",
    ],
    ["no list", {}, "portMappings is not a list"],
  ])("are refused with the path: %s", (_what, value, path) => {
    expect(() => readPortMappings(value)).toThrow(path);
  });

  test("meet those of another pod only on the same address", () => {
    const ours = readPortMappings([{ hostPort: 80, containerPort: 1, hostIP: "10.0.0.1" }]);
    requireFreePorts(ours, readPortMappings([{ hostPort: 80, containerPort: 1, hostIP: "10.0.0.2" }]));
    requireFreePorts(ours, readPortMappings([{ hostPort: 80, containerPort: 1, protocol: "udp" }]));
    expect(() => requireFreePorts(ours, readPortMappings([{ hostPort: 80, containerPort: 9 }]))).toThrow("tcp/80");
  });
});
