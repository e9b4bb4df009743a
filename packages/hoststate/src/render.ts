import type { HostState, Items, SectionName } from "./section.ts";
import { bySection, normalize, SECTIONS } from "./state.ts";
import type { Step, StepKind, StepOf } from "./step.ts";

function sectionText<S extends SectionName>(section: S, items: HostState[S]): readonly string[] {
  return (items as readonly Items[S][]).flatMap((item) => SECTIONS[section].text(item));
}

/** The whole state as text: a heading per section that has items, an indented line or more per item. Ends with a line feed. */
export function renderState(state: HostState): string {
  const sorted = normalize(state);
  const texts = bySection<Record<SectionName, readonly string[]>>((section) => sectionText(section, sorted[section]));
  const lines = Object.entries(texts).flatMap(([section, text]) =>
    text.length === 0 ? [] : [section, ...text.map((line) => `  ${line}`)],
  );
  return lines.length === 0 ? "nothing\n" : `${lines.join("\n")}\n`;
}

const first = (lines: readonly string[]): string => lines[0] ?? "";

const TEXTS: { readonly [K in StepKind]: (step: StepOf<K>) => string } = {
  "firewall.apply": ({ transaction }) => `firewall apply\n${indented(transaction)}`,
  "link.create": ({ link }) => `link create ${first(SECTIONS.links.text(link))}`,
  "link.set": ({ link, observed }) => `link set ${first(SECTIONS.links.text(link))} (was ${first(SECTIONS.links.text(observed))})`,
  "link.delete": ({ link }) => `link delete ${link.kind} ${link.name}`,
  "sysctl.set": ({ sysctl }) => `sysctl set ${first(SECTIONS.sysctls.text(sysctl))}`,
  "address.add": ({ address }) => `address add ${first(SECTIONS.addresses.text(address))}`,
  "address.delete": ({ address }) => `address delete ${first(SECTIONS.addresses.text(address))}`,
  "policy-rule.add": ({ rule }) => `policy-rule add ${first(SECTIONS.policyRules.text(rule))}`,
  "policy-rule.delete": ({ rule }) => `policy-rule delete ${first(SECTIONS.policyRules.text(rule))}`,
  "route.replace": ({ route }) => `route replace ${first(SECTIONS.routes.text(route))}`,
  "route.delete": ({ route }) => `route delete ${first(SECTIONS.routes.text(route))}`,
  "file.write": ({ file }) => `file write ${first(SECTIONS.files.text(file))}, ${file.content.length} characters`,
  "file.delete": ({ file }) => `file delete ${file.path}`,
};

function indented(block: string): string {
  return block
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

function stepText<K extends StepKind>(step: StepOf<K>): string {
  const text: (step: StepOf<K>) => string = TEXTS[step.kind as K];
  return text(step);
}

/** A plan as text: one line a step, a firewall transaction indented below its line. Ends with a line feed. */
export function renderPlan(steps: readonly Step[]): string {
  return steps.length === 0 ? "nothing to do\n" : `${steps.map((step) => stepText(step)).join("\n")}\n`;
}
