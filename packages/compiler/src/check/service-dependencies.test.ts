import { expect, test } from "@jest/globals";
import type { DeployedService, ServiceDeployment } from "@pharos/kinds";
import { serviceDependencyFindings } from "./service-dependencies.ts";

function findings(dependsOn: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const services = Object.entries(dependsOn).map(
    ([name, needs]): DeployedService => ({ name, node: "vm1", protocol: "grpc", ports: [1], dependsOn: needs }),
  );
  const document: ServiceDeployment = {
    apiVersion: "pharos.io/v1",
    kind: "ServiceDeployment",
    metadata: { name: "s", namespace: "default" },
    spec: { services },
  };
  return serviceDependencyFindings({ serviceDeployments: [document] }).map(({ path, description }) => `${path} ${description}`);
}

test("services that build on each other are fine, in any order", () => {
  expect(findings({ control: ["fusion"], fusion: ["camera", "radar"], radar: [], camera: [] })).toEqual([]);
});

test("a dependency on what the document does not describe is found where it is written", () => {
  expect(findings({ fusion: ["camera"] })).toEqual([
    "spec.services[0].dependsOn[0] fusion depends on camera, which this document does not describe",
  ]);
});

test("each circle is found once, whatever hangs on it", () => {
  expect(findings({ a: ["b"], b: ["c"], c: ["a"], d: ["a"], e: ["e"] })).toEqual([
    "spec.services[0].dependsOn these services wait for each other: a → b → c → a",
    "spec.services[4].dependsOn these services wait for each other: e → e",
  ]);
});
