import { describe, expect, test } from "@jest/globals";
import { CEL_RULES } from "@pharos/kinds/schemas";
import { validateObject } from "./admit.ts";
import { RULE_BROKEN } from "./codes.ts";
import { REFUSALS } from "./refusals.ts";

describe("the table of refusals", () => {
  test.each(REFUSALS)("$name", ({ object, code, path }) => {
    const findings = validateObject(object).filter(({ severity }) => severity === "ERROR");
    expect(findings.map((finding) => `${finding.code} ${finding.path}`)).toContain(`${code} ${path}`);
    expect(new Set(findings.map((finding) => finding.path))).toEqual(new Set([path]));
    for (const { description, recommendation } of findings) expect(Math.min(description.length, recommendation.length)).toBeGreaterThan(5);
  });

  test("has a case for each CEL rule that a new object can break", () => {
    const broken = REFUSALS.filter(({ code }) => code === RULE_BROKEN.code).map(({ path }) => path.replace(/\[\d+\]/g, "[]"));
    const rules = Object.values(CEL_RULES)
      .flat()
      .filter(({ rule }) => !rule.includes("oldSelf"));
    const uncovered = rules.map(({ path, fieldPath }) => `${path}${fieldPath ?? ""}`).filter((path) => !broken.includes(path));
    // The same rule on a SoC's interfaces as on a VM's.
    expect(new Set(uncovered)).toEqual(new Set(["spec.socs[].interfaces[].address"]));
  });
});
