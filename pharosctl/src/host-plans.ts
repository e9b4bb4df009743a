import { PharosError } from "@pharos/base";
import { assumedFacts, compile, type Live, type RevisionContent } from "@pharos/compiler";
import { diff, EMPTY_STATE, type HostState, planOf, renderPlan, renderState } from "@pharos/hoststate";
import { CTL_USAGE } from "./codes.ts";

const NO_LIVE: Live = { podNetworks: [], serviceRegistrations: [] };

interface HostText {
  readonly host: string;
  readonly text: string;
}

/** What a host would run under these documents; its hardware is assumed to be as they say. */
function stateOf(content: RevisionContent, host: string, live = NO_LIVE): HostState {
  const facts = assumedFacts(content, host);
  return compile({ revision: { epoch: "plan", number: 0, content }, host, live, facts }).value;
}

/** Hosts with an agent, in document order. */
function managedHosts(content: RevisionContent): readonly string[] {
  const socs = content.documents.nodes.flatMap((node) => node.spec.socs);
  const hosts = socs.flatMap((soc) => [soc, ...(soc.vms ?? [])]);
  return hosts.filter((host) => host.managed !== false).map((host) => host.name);
}

/** What each host's kernel would get, as text; `only` names hosts, all when empty. An unknown host is CTL_USAGE. */
export function planTexts(content: RevisionContent, only: readonly string[]): readonly HostText[] {
  const hosts = managedHosts(content);
  const unknown = only.find((host) => !hosts.includes(host));
  if (unknown !== undefined) throw new PharosError(CTL_USAGE, `--host ${unknown}: the documents have ${hosts.join(", ")}`);
  return hosts
    .filter((host) => only.length === 0 || only.includes(host))
    .map((host) => ({ host, text: renderState(stateOf(content, host)) }));
}

/** What would change in each kernel between two sets of documents, with the pods of `live`; hosts with no change are left out. */
export function changeTexts(before: RevisionContent, after: RevisionContent, live: Live): readonly HostText[] {
  const had = managedHosts(before);
  return managedHosts(after).flatMap((host) => {
    const observed = had.includes(host) ? stateOf(before, host, live) : EMPTY_STATE;
    const steps = planOf(diff(observed, stateOf(after, host, live)));
    return steps.length === 0 ? [] : [{ host, text: renderPlan(steps) }];
  });
}
