import type { Checked, Finding } from "@pharos/base";
import type { RoutingConfig } from "@pharos/kinds";
import type { DocumentSet } from "../../documents.ts";
import { type ZoneNames, zoneNames } from "../../zones/resolve.ts";
import type { Zone } from "../../zones/zone.ts";
import { ZONE_AMBIGUOUS, ZONE_UNKNOWN } from "./codes.ts";
import { findingAt } from "./finding-at.ts";
import { matchesOf } from "./matches.ts";
import type { ForwardRule, ForwardRules, NamedPair } from "./rule.ts";
import { servicePorts } from "./service-ports.ts";

type RoutingInfo = RoutingConfig["spec"]["routingInfo"][number];
type RuleFields = RoutingInfo["rules"][number];

/**
 * Joins all RoutingConfigs into one first-match list, in name order. A rule that has an ERROR finding is left out of the list;
 * the set of documents is invalid then and is never frozen. Only services of
 * ServiceDeployments count: what registers itself while the vehicle runs must not change what a checked rule admits.
 */
export function readForwardRules(documents: DocumentSet, zones: readonly Zone[]): Checked<ForwardRules> {
  const names = zoneNames(zones);
  const services = servicePorts(documents.serviceDeployments);
  const rules: ForwardRule[] = [];
  const pairs: NamedPair[] = [];
  const findings: Finding[] = [];
  const configs = [...documents.routingConfigs].sort((a, b) => compareText(nameOf(a), nameOf(b)));
  for (const config of configs) {
    const document = `RoutingConfig/${nameOf(config)}`;
    config.spec.routingInfo.forEach((info, index) => {
      const path = `spec.routingInfo[${index}]`;
      const ends = readEnds(info, { document, path, names, findings });
      if (ends === undefined) return;
      pairs.push({ ...ends, origin: { document, path } });
      (info.rules ?? []).forEach((fields, position) => {
        const origin = { document, path: `${path}.rules[${position}]` };
        const read = matchesOf(fields, origin, services);
        findings.push(...read.findings);
        if (read.value === undefined) return;
        rules.push({ order: rules.length, origin, text: textOf(info, fields), ...ends, action: fields.action, matches: read.value });
      });
    });
  }
  return { value: { rules, pairs }, findings };
}

interface EndsContext {
  readonly document: string;
  readonly path: string;
  readonly names: ZoneNames;
  readonly findings: Finding[];
}

function readEnds(info: RoutingInfo, context: EndsContext): { source: Zone; destination: Zone } | undefined {
  const source = readEnd(info.srcIntfName, "srcIntfName", context);
  const destination = readEnd(info.dstIntfName, "dstIntfName", context);
  return source === undefined || destination === undefined ? undefined : { source, destination };
}

function readEnd(name: string, field: string, { document, path, names, findings }: EndsContext): Zone | undefined {
  const found = names.lookup(name);
  if (found.kind === "zone") return found.zone;
  const origin = { document, path: `${path}.${field}` };
  if (found.kind === "ambiguous") {
    const description = `${name} is the name of several zones: ${found.candidates.join(", ")}`;
    findings.push(findingAt(ZONE_AMBIGUOUS, "ERROR", origin, description));
    return undefined;
  }
  const hint = found.suggestions.length === 0 ? undefined : `did you mean ${found.suggestions.join(" or ")}?`;
  findings.push(findingAt(ZONE_UNKNOWN, "ERROR", origin, `no zone is named ${name}`, hint));
  return undefined;
}

function textOf(info: RoutingInfo, rule: RuleFields): string {
  const parts = [
    rule.service === undefined ? "" : `service ${rule.service}`,
    portText("srcPort", rule.srcPort),
    portText("dstPort", rule.dstPort),
  ];
  return [`${info.srcIntfName} -> ${info.dstIntfName}: ${rule.action} ${rule.protocol}`, ...parts].filter((part) => part !== "").join(" ");
}

function portText(field: string, port: number | undefined): string {
  return port === undefined ? "" : `${field} ${port}`;
}

function nameOf(config: RoutingConfig): string {
  return config.metadata.name;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
