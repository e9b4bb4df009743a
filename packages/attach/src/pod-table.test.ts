import { describe, expect, test } from "@jest/globals";
import { type PodElementField, type PodTraffic, podElements, podTableFrame } from "./pod-table.ts";
import { readPortMappings } from "./port-mappings.ts";

function fieldText(field: PodElementField): string {
  switch (field.kind) {
    case "address":
      return field.address;
    case "prefix":
      return field.prefix;
    case "protocol":
      return field.protocol;
    case "port":
      return String(field.port);
  }
}

const concatenated = (fields: readonly PodElementField[]) => fields.map(fieldText).join(" . ");
const texts = (traffic: PodTraffic) =>
  podElements(traffic).map(
    ({ set, key, data }) => `${set} { ${concatenated(key)}${data === undefined ? "" : ` : ${concatenated(data)}`} }`,
  );

describe("the pods' table", () => {
  test("holds ports for each family of the pod, but an address of the host only for its own", () => {
    const ports = readPortMappings([
      { hostPort: 8080, containerPort: 80 },
      { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "10.0.0.1" },
    ]);
    expect(texts({ ports, addresses: ["10.9.0.2/24", "fd09::2/64"] })).toEqual([
      "hostports4 { tcp . 8080 : 10.9.0.2 . 80 }",
      "hostports4-by-address { 10.0.0.1 . udp . 53 : 10.9.0.2 . 5353 }",
      "hairpin4 { 10.9.0.0/24 . 10.9.0.2/32 }",
      "hostports6 { tcp . 8080 : fd09::2 . 80 }",
      "hairpin6 { fd09::/64 . fd09::2/128 }",
    ]);
  });

  test("holds a masqueraded pod with the subnets that see its own address, each once", () => {
    expect(texts({ addresses: ["10.9.0.2/24"], masqueradeExcept: ["10.9.0.0/24", "10.9.1.0/24", "fd09::/64", "10.9.0.0/24"] })).toEqual([
      "masquerade4 { 10.9.0.2 }",
      "unmasqueraded4 { 10.9.0.2/32 . 10.9.0.0/24 }",
      "unmasqueraded4 { 10.9.0.2/32 . 10.9.1.0/24 }",
    ]);
  });

  test("holds nothing for a pod that asks for nothing", () => {
    expect(texts({ addresses: ["10.9.0.2/24"], ports: [] })).toEqual([]);
  });

  test("has every set that elements go to", () => {
    const traffic = {
      addresses: ["10.9.0.2/24", "fd09::2/64"],
      ports: readPortMappings([
        { hostPort: 1, containerPort: 1 },
        { hostPort: 2, containerPort: 2, hostIP: "10.0.0.1" },
        { hostPort: 2, containerPort: 2, hostIP: "fd00::1" },
      ]),
      masqueradeExcept: ["10.9.0.0/24", "fd09::/64"],
    };
    const made = [...podTableFrame().matchAll(/^add (?:set|map) inet pharos_pods (\S+) /gm)].map(([, name]) => name);
    expect([...new Set(podElements(traffic).map(({ set }) => set))].sort()).toEqual(made.sort());
  });
});
