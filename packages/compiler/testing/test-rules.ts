import type { RoutingConfig, ServiceDeployment } from "@pharos/kinds";
import type { DocumentSet } from "../src/documents.ts";
import type { RuleFields } from "../src/features/forwarding/matches.ts";

/** Test support: nothing in production imports this file. */
export type TestRule = RuleFields & { readonly action: "ACCEPT" | "DROP" };

/** A RoutingConfig of `[source, destination, ...rules]` lines. */
export function routingConfig(
  name: string,
  info: readonly (readonly [source: string, destination: string, ...rules: TestRule[]])[],
): RoutingConfig {
  const routingInfo = info.map(([srcIntfName, dstIntfName, ...rules]) => ({ srcIntfName, dstIntfName, rules }));
  return { apiVersion: "pharos.io/v1", kind: "RoutingConfig", metadata: { name }, spec: { routingInfo } } as RoutingConfig;
}

export function serviceDeployment(
  name: string,
  services: readonly { readonly name: string; readonly ports: readonly number[] }[],
): ServiceDeployment {
  return { apiVersion: "pharos.io/v1", kind: "ServiceDeployment", metadata: { name }, spec: { services } } as ServiceDeployment;
}

export function documentsOf(routingConfigs: readonly RoutingConfig[], serviceDeployments: readonly ServiceDeployment[] = []): DocumentSet {
  return { nodes: [], bridges: [], routingConfigs, securityConfigs: [], serviceDeployments };
}

export function accept(protocol: string, fields: Partial<RuleFields> = {}): TestRule {
  return { action: "ACCEPT", protocol, ...fields };
}

export function drop(protocol: string, fields: Partial<RuleFields> = {}): TestRule {
  return { action: "DROP", protocol, ...fields };
}
