// Markdown reference of the kinds.
import type { KindDefinition, Schema } from "./crd.ts";
import { rootSchema, rulesOf } from "./modules.ts";

/** One page about a kind. */
export function referencePage(definition: KindDefinition): string {
  const { kind, plural, shortName, namespaced, specificationKind, description } = definition;
  const rules = rulesOf(rootSchema(definition), "").map(({ path, message, rule }) => `| \`${path}\` | ${message} | \`${cell(rule)}\` |`);
  return [
    `# ${kind}`,
    "",
    "Made by `make generate` from `crds/`.",
    "",
    description,
    "",
    `\`apiVersion: pharos.io/v1\`, \`kind: ${kind}\`, ${namespaced ? "namespaced" : "cluster-wide"}. \`kubectl get ${plural}\` or \`kubectl get ${shortName}\`.`,
    ...(specificationKind === undefined
      ? []
      : ["", `The specification spells it \`apiVersion: v1\`, \`kind: ${specificationKind}\`; every door but kubectl takes that too.`]),
    ...table("spec", definition.spec),
    ...(rules.length === 0 ? [] : ["", "## Rules", "", "| of each | what must hold | CEL |", "|---|---|---|", ...rules]),
    ...table("status", definition.status),
    "",
  ].join("\n");
}

function table(name: string, schema: Schema): string[] {
  return ["", `## ${name}`, "", "| field | type | default | meaning |", "|---|---|---|---|", ...rows(name, schema)];
}

function rows(path: string, schema: Schema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const full = `${path}.${name}`;
    const needed = schema.required?.includes(name) === true ? "**required**" : "";
    const fallback = field.default === undefined ? needed : `\`${JSON.stringify(field.default)}\``;
    const example = field.example === undefined ? "" : ` Example: \`${JSON.stringify(field.example)}\``;
    const own = `| \`${full}\` | ${cell(typeText(field))} | ${fallback} | ${cell(`${field.description ?? ""}${example}`)} |`;
    if (full === "status.conditions") return [own];
    const items = field.items === undefined ? [] : rows(`${full}[]`, field.items);
    return [own, ...items, ...rows(full, field)];
  });
}

function typeText(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items?.enum === undefined ? (schema.items?.type ?? "any") : typeText(schema.items)}${limit(schema)}`;
  if (schema.additionalProperties !== undefined) return `map of ${schema.additionalProperties.type}`;
  return `${schema.type}${limit(schema)}`;
}

function limit(schema: Schema): string {
  const { minimum, maximum, minItems, maxItems, maxLength } = schema;
  if (maximum !== undefined) return `, ${minimum ?? 0} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  if (maxItems !== undefined)
    return `, ${minItems === undefined ? "" : `${minItems} to `}${minItems === undefined ? "at most " : ""}${maxItems}`;
  return maxLength === undefined ? "" : `, at most ${maxLength} characters`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** The table of all kinds. */
export function referenceIndex(kinds: readonly KindDefinition[]): string {
  const entries = kinds.map(
    ({ kind, shortName, namespaced, specificationKind, description }) =>
      `| [${kind}](${kind.toLowerCase()}.md) | \`${shortName}\` | ${namespaced ? "namespaced" : "cluster"} | ${specificationKind === undefined ? "" : `\`${specificationKind}\``} | ${description} |`,
  );
  return [
    "# Kinds",
    "",
    "Made by `make generate` from `crds/`. JSON Schemas for editors are in [schema/](schema/): `kubectl/` and `specification/` by spelling,",
    "`vehicle.schema.json` for any document. Error codes are in [errors.md](errors.md).",
    "",
    "| kind | short name | scope | in the specification | holds |",
    "|---|---|---|---|---|",
    ...entries,
    "",
  ].join("\n");
}
