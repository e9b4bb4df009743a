import { describe, expect, test } from "@jest/globals";
import type { Finding } from "@pharos/base";
import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import { refText } from "@pharos/store";
import { testBridges, testNode, testSoc } from "../test-documents.ts";
import { issuesOf, summary } from "./issues.ts";
import { overlay } from "./overlay.ts";

const node = testNode(testSoc("soc1"));
const bridges = testBridges({ name: "podBr0" });
const security: VehicleDocument = {
  apiVersion: "pharos.io/v1",
  kind: "SecurityConfig",
  metadata: { name: "s" },
  spec: { security: {} },
} as VehicleDocument;

describe("overlay", () => {
  const told = (...args: Parameters<typeof overlay>) => {
    const change = overlay(...args);
    return { after: change.after.map(documentTitle).sort(), apply: change.apply.map(documentTitle), delete: change.delete.map(refText) };
  };

  test("adds and replaces by name, and keeps all others, when no kind is replaced", () => {
    expect(told([node, security], [node, bridges], [])).toEqual({
      after: ["Bridge/bridges", "Node/vehicle", "SecurityConfig/s"],
      apply: ["Node/vehicle", "Bridge/bridges"],
      delete: [],
    });
  });

  test("deletes documents of replaced kinds that are not given again, and of no other kind", () => {
    expect(told([node, bridges, security], [node], ["Node", "Bridge", "RoutingConfig"])).toEqual({
      after: ["Node/vehicle", "SecurityConfig/s"],
      apply: ["Node/vehicle"],
      delete: ["Bridge/bridges"],
    });
  });
});

describe("issuesOf", () => {
  const finding = (severity: Finding["severity"], number: number): Finding => ({
    code: "PHAROS-1106",
    severity,
    path: `spec.socs[${number}]`,
    description: "is wrong",
    recommendation: "mend it",
    source: { document: "Node/vehicle", line: 7 },
  });

  test("tells errors first, with document, code and line", () => {
    expect(issuesOf([finding("INFO", 0), finding("ERROR", 1)])).toEqual([
      { path: "Node/vehicle: spec.socs[1]", description: "PHAROS-1106 is wrong (line 7)", severity: "ERROR", recommendation: "mend it" },
      { path: "Node/vehicle: spec.socs[0]", description: "PHAROS-1106 is wrong (line 7)", severity: "INFO", recommendation: "mend it" },
    ]);
  });

  test("is bounded, and never drops the errors for the sake of hints", () => {
    const issues = issuesOf([...Array.from({ length: 500 }, (_, number) => finding("INFO", number)), finding("ERROR", 1)]);
    expect(issues).toHaveLength(200);
    expect(issues[0]?.severity).toBe("ERROR");
  });

  test("is summed up as the first error and the number of the others", () => {
    expect(summary([finding("WARNING", 0), finding("ERROR", 1), finding("ERROR", 2)])).toBe(
      "PHAROS-1106 Node/vehicle: spec.socs[1]: is wrong (line 7) (and 1 more)",
    );
    expect(summary([])).toBe("no errors");
  });
});
