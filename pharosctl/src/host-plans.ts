import { PharosError } from "@pharos/base";
import { assumedFacts, compile, type RevisionContent } from "@pharos/compiler";
import { diff, EMPTY_STATE, type HostState, planOf, renderPlan, renderState } from "@pharos/hoststate";
import { CTL_USAGE } from "./codes.ts";

const NO_LIVE = { podNetworks: [], serviceRegistrations: [] };

/** What a host would run under these documents; its hardware is assumed to be as they say. */
function stateOf(content: RevisionContent, host: string): HostState {
  const facts = assumedFacts(content, host);
  return compile({ revision: { epoch: "plan", number: 0, content }, host, live: NO_LIVE, facts }).value;
}

/** Hosts with an agent, in document order. */
function managedHosts(content: RevisionContent): readonly string[] {
  const socs = content.documents.nodes.flatMap((node) => node.spec.socs);
  const hosts = socs.flatMap((soc) => [soc, ...(soc.vms ?? [])]);
  return hosts.filter((host) => host.managed !== false).map((host) => host.name);
}

/** What each host's kernel would get, as text; `only` names hosts, all when empty. An unknown host is CTL_USAGE. */
export function planTexts(content: RevisionContent, only: readonly string[]): readonly { readonly host: string; readonly text: string }[] {
  const hosts = managedHosts(content);
  const unknown = only.find((host) => !hosts.includes(host));
  if (unknown !== undefined) throw new PharosError(CTL_USAGE, `--host ${unknown}: the documents have ${hosts.join(", ")}`);
  return hosts
    .filter((host) => only.length === 0 || only.includes(host))
    .map((host) => ({ host, text: renderState(stateOf(content, host)) }));
}

/** What would change in each kernel between two sets of documents; hosts with no change are left out. */
export function changeTexts(before: RevisionContent, after: RevisionContent): readonly { readonly host: string; readonly text: string }[] {
  const had = managedHosts(before);
  return managedHosts(after).flatMap((host) => {
    const observed = had.includes(host) ? stateOf(before, host) : EMPTY_STATE;
    const steps = planOf(diff(observed, stateOf(after, host)));
    return steps.length === 0 ? [] : [{ host, text: renderPlan(steps) }];
  });
}
