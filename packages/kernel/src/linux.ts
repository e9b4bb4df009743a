import { type Log, PharosError } from "@pharos/base";
import { type HostState, normalize, type Scope, type SectionName, type Step, type StepKind, type StepOf } from "@pharos/hoststate";
import { KERNEL_CODES } from "./codes.ts";
import type { Kernel, Outcome } from "./kernel.ts";
import { addAddress, deleteAddress } from "./linux/address-steps.ts";
import { LINK_ALIAS, type LinuxContext } from "./linux/context.ts";
import { watchKernel } from "./linux/events.ts";
import { readFacts } from "./linux/facts.ts";
import { deleteRendered, filesIn, writeRendered } from "./linux/files.ts";
import { createLink, deleteLinks, setLink } from "./linux/link-steps.ts";
import { type LinkTable, listLinks } from "./linux/link-table.ts";
import { addressesIn, linksIn, policyRulesIn, routesIn } from "./linux/observe-network.ts";
import { addPolicyRule, deletePolicyRule, deleteRoute, replaceRoute } from "./linux/route-steps.ts";
import { sysctlsIn, writeSysctl } from "./linux/sysctls.ts";
import { elementsMissing, linksSeen } from "./linux/witness.ts";
import { withNamespace } from "./namespace.ts";
import { openTransport } from "./netlink/transport.ts";
import { type NftRunner, nftFirewall, systemNft } from "./nft/index.ts";

export interface LinuxKernelOptions {
  /** Prefix of all files that are read and written, without a slash at the end; default: the real root. */
  readonly root?: string;
  readonly log: Log;
  /** Default: the nft of this machine, in the same namespace. */
  readonly nft?: NftRunner;
  /** A network namespace, as a path; default: that of the process. */
  readonly namespacePath?: string;
}

type Observers = {
  readonly [S in SectionName]: (context: LinuxContext, scope: ReadonlySet<string>, links: LinkTable) => Promise<HostState[S]>;
};

const OBSERVERS: Observers = {
  firewall: (context) => context.firewall.observe(),
  links: async (_, scope, links) => linksIn(links, scope),
  sysctls: async (context, scope) => sysctlsIn(context, scope),
  addresses: ({ route }, scope, links) => addressesIn(route, links, scope),
  policyRules: ({ route }, scope) => policyRulesIn(route, scope),
  routes: ({ route }, scope, links) => routesIn(route, links, scope),
  files: ({ root }, scope) => filesIn(root, scope),
};

type Executors = { readonly [K in StepKind]: (context: LinuxContext, step: StepOf<K>) => Promise<void> };

const EXECUTORS: Executors = {
  "firewall.apply": ({ firewall }, { transaction }) => firewall.apply(transaction),
  "link.create": ({ route, bridgeMacs }, { link }) => createLink(route, link, bridgeMacs.get(link.name)),
  "link.set": ({ route }, { link }) => setLink(route, link),
  "link.delete": ({ route }, { link }) => deleteLinks(route, [link]),
  "sysctl.set": async (context, { sysctl }) => writeSysctl(context, sysctl),
  "address.add": (context, { address }) => addAddress(context, address),
  "address.delete": (context, { address }) => deleteAddress(context, address),
  "policy-rule.add": ({ route }, { rule }) => addPolicyRule(route, rule),
  "policy-rule.delete": ({ route }, { rule }) => deletePolicyRule(route, rule),
  "route.replace": ({ route }, step) => replaceRoute(route, step.route),
  "route.delete": ({ route }, step) => deleteRoute(route, step.route),
  "file.write": ({ root }, { file }) => writeRendered(root, file),
  "file.delete": ({ root }, { file }) => deleteRendered(root, file.path),
};

function execute<K extends StepKind>(context: LinuxContext, step: StepOf<K>): Promise<void> {
  const executor: (context: LinuxContext, step: StepOf<K>) => Promise<void> = EXECUTORS[step.kind as K];
  return executor(context, step);
}

async function observe(context: LinuxContext, scope: Scope): Promise<HostState> {
  const links = await listLinks(context.route);
  for (const { name, alias, bridge, mac } of links.values())
    if (bridge !== undefined && alias === LINK_ALIAS && mac !== undefined) context.bridgeMacs.set(name, mac);
  const section = <S extends SectionName>(name: S): Promise<HostState[S]> => OBSERVERS[name](context, scope[name], links);
  return normalize({
    firewall: await section("firewall"),
    links: await section("links"),
    sysctls: await section("sysctls"),
    addresses: await section("addresses"),
    policyRules: await section("policyRules"),
    routes: await section("routes"),
    files: await section("files"),
  });
}

/** Deletions of links that follow each other are cheaper as one. When that fails, they are tried singly, to tell which one fails. */
async function deleteTogether({ route }: LinuxContext, steps: readonly Step[]): Promise<readonly Step[]> {
  const end = steps.findIndex(({ kind }) => kind !== "link.delete");
  const deletions = steps.slice(0, end === -1 ? steps.length : end).filter((step) => step.kind === "link.delete");
  if (deletions.length < 2) return [];
  return deleteLinks(
    route,
    deletions.map(({ link }) => link),
  ).then(
    () => deletions,
    () => [],
  );
}

async function apply(context: LinuxContext, steps: readonly Step[]): Promise<Outcome> {
  const done: Step[] = [];
  for (let step = steps[0]; step !== undefined; step = steps[done.length]) {
    try {
      const together = await deleteTogether(context, steps.slice(done.length));
      if (together.length === 0) await execute(context, step);
      done.push(...(together.length === 0 ? [step] : together));
    } catch (cause) {
      const error = cause instanceof PharosError ? cause : new PharosError(KERNEL_CODES.stepFailed, `${step.kind} failed`, { cause });
      context.log.warn("a step failed", { step: step.kind, error: error.message });
      return { done, failed: { step, error } };
    }
  }
  return { done };
}

/** The kernel of this machine, or of one of its network namespaces. Needs CAP_NET_ADMIN there. */
export async function linuxKernel(options: LinuxKernelOptions): Promise<Kernel> {
  const { root = "", log, namespacePath } = options;
  const nft = options.nft ?? systemNft(namespacePath === undefined ? {} : { namespacePath });
  const inside = <T>(fn: () => T): T => (namespacePath === undefined ? fn() : withNamespace(namespacePath, fn));
  const route = inside(() => openTransport());
  const context: LinuxContext = { route, nft, firewall: nftFirewall(nft), root, log, bridgeMacs: new Map(), inside };
  return {
    observe: (scope) => observe(context, scope),
    apply: (steps) => apply(context, steps),
    facts: () => readFacts(context),
    links: () => linksSeen(context),
    missingElements: (elements) => elementsMissing(context, elements),
    events: (signal) => watchKernel(context, signal),
    close: async () => context.route.close(),
  };
}
