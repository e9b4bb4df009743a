import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { CelRule, FieldSchema, Kind } from "@pharos/kinds";
import { CEL_RULES, SCHEMAS } from "@pharos/kinds/schemas";
import { RULE_BROKEN } from "./codes.ts";
import { isObject } from "./defaults.ts";
import { joinPath } from "./field-path.ts";
import type { Issue } from "./issue.ts";

interface PlannedRule extends CelRule {
  readonly steps: readonly string[];
  /** Rules about changes compare with the object as it was. */
  readonly needsOld: boolean;
  readonly holds: (self: unknown, oldSelf: unknown) => boolean;
}

const PLANNED = planRules();

function planRules(): Readonly<Record<Kind, readonly PlannedRule[]>> {
  const env = celEnv();
  const planned = (rule: CelRule): PlannedRule => {
    const evaluate = plan(env, parse(rule.rule));
    const bindings = (self: unknown, oldSelf: unknown) => ({ self, oldSelf }) as Parameters<typeof evaluate>[0];
    return {
      ...rule,
      steps: rule.path.split(".").flatMap((part) => (part.endsWith("[]") ? [part.slice(0, -2), "[]"] : [part])),
      needsOld: /\boldSelf\b/.test(rule.rule),
      holds: (self, oldSelf) => {
        const result = evaluate(bindings(self, oldSelf));
        return !isCelError(result) && result === true;
      },
    };
  };
  const entries = Object.entries(CEL_RULES).map(([kind, rules]) => [kind, rules.map(planned)]);
  return Object.fromEntries(entries) as Readonly<Record<Kind, readonly PlannedRule[]>>;
}

/**
 * CEL rules that the object breaks, evaluated as the API server does. The object must have passed the schema and have
 * its defaults. Rules about changes are skipped without `previous`.
 */
export function ruleIssues(kind: Kind, object: unknown, previous?: unknown): readonly Issue[] {
  return PLANNED[kind].flatMap((rule) => {
    if (rule.needsOld && previous === undefined) return [];
    const old = rule.needsOld ? placesOf(previous, rule.steps)[0]?.value : undefined;
    const schema = schemaOf(SCHEMAS[kind], rule.steps);
    return placesOf(object, rule.steps).flatMap(({ value, path }) =>
      rule.holds(celValue(schema, value), celValue(schema, old)) ? [] : [toIssue(rule, path)],
    );
  });
}

interface Place {
  readonly path: string;
  readonly value: unknown;
}

/** All values that a rule is about; a rule about changes is never below a list. */
function placesOf(root: unknown, steps: readonly string[]): readonly Place[] {
  let places: readonly Place[] = [{ path: "", value: root }];
  for (const step of steps) {
    places = places.flatMap(({ path, value }): readonly Place[] => {
      if (step === "[]") return Array.isArray(value) ? value.map((item, index) => ({ path: joinPath(path, index), value: item })) : [];
      return isObject(value) && Object.hasOwn(value, step) ? [{ path: joinPath(path, step), value: value[step] }] : [];
    });
  }
  return places;
}

function schemaOf(root: FieldSchema, steps: readonly string[]): FieldSchema | undefined {
  return steps.reduce<FieldSchema | undefined>((schema, step) => (step === "[]" ? schema?.items : schema?.properties?.[step]), root);
}

/** JavaScript has one type of number; CEL tells int from double, so integers become bigint. */
function celValue(schema: FieldSchema | undefined, value: unknown): unknown {
  if (typeof value === "number") return schema?.type === "integer" ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => celValue(schema?.items, item));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, celValue(schema?.properties?.[name] ?? schema?.additionalProperties, field)]),
  );
}

function toIssue({ fieldPath, message, reason }: CelRule, path: string): Issue {
  const field = fieldPath?.slice(1);
  return {
    entry: RULE_BROKEN,
    path: `${path}${fieldPath ?? ""}`,
    description: message,
    ...(field === undefined
      ? {}
      : { recommendation: reason === "FieldValueRequired" ? `add ${field}` : `remove ${field} or mend what contradicts it` }),
  };
}
