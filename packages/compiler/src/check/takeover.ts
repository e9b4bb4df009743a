import type { Finding } from "@pharos/base";
import { INTERFACE_MANAGED_ELSEWHERE } from "../codes.ts";
import type { HostFacts } from "../documents.ts";
import { found } from "../found.ts";
import type { Host } from "../vehicle/model.ts";

/** Two programs that manage one interface undo each other's work; with `takeover` the document says that it is Pharos' alone. */
export function takeoverFindings(host: Host, facts: Pick<HostFacts, "interfaces">): readonly Finding[] {
  return host.interfaces.flatMap((intf) => {
    const manager = facts.interfaces.find((known) => known.name === intf.name)?.manager;
    if (manager === undefined || !intf.managed || intf.takeover) return [];
    const says = `${manager} on ${host.name} manages ${intf.name} already`;
    const advice = `tell ${manager} to leave ${intf.name} alone, or say takeover: true`;
    return [found({ code: INTERFACE_MANAGED_ELSEWHERE, at: intf.origin, says, advice })];
  });
}
