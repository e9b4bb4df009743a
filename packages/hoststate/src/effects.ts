import { PharosError } from "@pharos/base";
import { HOSTSTATE_CODES } from "./codes.ts";
import { drainedLinks, goesWhenDrained, withoutLinks } from "./loss.ts";
import type { FirewallObject } from "./network/firewall.ts";
import type { Link } from "./network/links.ts";
import type { HostState, Items, SectionName } from "./section.ts";
import { byKey, keyOf, normalize } from "./state.ts";
import type { Step, StepKind, StepOf } from "./step.ts";

/** What an nft transaction makes of the table's objects. */
export type FirewallEffect = (objects: readonly FirewallObject[], transaction: string) => readonly FirewallObject[];

type Effects = { readonly [K in StepKind]: (state: HostState, step: StepOf<K>, firewall: FirewallEffect) => HostState };

function put<S extends SectionName>(state: HostState, section: S, item: Items[S]): HostState {
  const items = new Map(byKey(section, state[section] as readonly Items[S][]));
  items.set(keyOf(section, item), item);
  return { ...state, [section]: [...items.values()] };
}

function drop<S extends SectionName>(state: HostState, section: S, item: Items[S]): HostState {
  const items = new Map(byKey(section, state[section] as readonly Items[S][]));
  items.delete(keyOf(section, item));
  return { ...state, [section]: [...items.values()] };
}

function createLink(state: HostState, link: Link): HostState {
  const created = put(state, "links", link);
  const peerMissing = link.kind === "veth" && !created.links.some(({ name }) => name === link.peer);
  return link.kind === "veth" && peerMissing ? put(created, "links", { kind: "veth", name: link.peer, peer: link.name }) : created;
}

function setLink(state: HostState, link: Link): HostState {
  const before = state.links.find(({ name }) => name === link.name);
  const { mtu = before?.mtu, master = before?.master, mac = before?.mac } = link;
  const common = {
    ...(mtu === undefined ? {} : { mtu }),
    ...(master === undefined ? {} : { master }),
    ...(mac === undefined ? {} : { mac }),
  };
  if (link.kind !== "physical" || before === undefined) return put(state, "links", { ...link, ...common });
  const { down: _, ...up } = before;
  return put(state, "links", { ...up, ...common });
}

function deleteAddress(state: HostState, address: HostState["addresses"][number]): HostState {
  const after = drop(state, "addresses", address);
  const drained = drainedLinks(state, after);
  return { ...after, routes: state.routes.filter((route) => !goesWhenDrained(state, route, drained)) };
}

const EFFECTS: Effects = {
  "firewall.apply": (state, { transaction }, firewall) => ({ ...state, firewall: firewall(state.firewall, transaction) }),
  "link.create": (state, { link }) => createLink(state, link),
  "link.set": (state, { link }) => setLink(state, link),
  "link.delete": (state, { link }) => withoutLinks(state, new Set([link.name])),
  "sysctl.set": (state, { sysctl }) => put(state, "sysctls", sysctl),
  "address.add": (state, { address }) => put(state, "addresses", address),
  "address.delete": (state, { address }) => deleteAddress(state, address),
  "policy-rule.add": (state, { rule }) => put(state, "policyRules", rule),
  "policy-rule.delete": (state, { rule }) => drop(state, "policyRules", rule),
  "route.replace": (state, { route }) => put(state, "routes", route),
  "route.delete": (state, { route }) => drop(state, "routes", route),
  "file.write": (state, { file }) => put(state, "files", file),
  "file.delete": (state, { file }) => drop(state, "files", file),
};

function noFirewall(): never {
  throw new PharosError(HOSTSTATE_CODES.firewallEffectMissing, "no effect is given for the step firewall.apply");
}

function applyStep<K extends StepKind>(state: HostState, step: StepOf<K>, firewall: FirewallEffect): HostState {
  const effect: (state: HostState, step: StepOf<K>, firewall: FirewallEffect) => HostState = EFFECTS[step.kind as K];
  return effect(state, step, firewall);
}

/**
 * The state after a plan, with what the kernel takes along. It does not check whether the kernel would refuse a step. A plan
 * with a firewall transaction needs `firewall`, else PHAROS-1300.
 */
export function applyPlan(state: HostState, steps: readonly Step[], firewall: FirewallEffect = noFirewall): HostState {
  return normalize(steps.reduce((before, step) => applyStep(before, step, firewall), state));
}
