import { describe, expect, test } from "@jest/globals";
import { parseDocuments } from "./parse-documents.ts";

const levels = "abcdefghijklmnop".split("");
const bomb = levels
  .map(
    (name, index) =>
      `${name}: &${name} ${
        index === 0
          ? "[x]"
          : `[${Array(9)
              .fill(`*${levels[index - 1]}`)
              .join(",")}]`
      }`,
  )
  .join("\n");
const HEAD = "apiVersion: v1\nkind: node\nmetadata: {name: a}\n";
const NODE = `${HEAD}spec: {name: v, socs: [{name: soc1}]}\n`;

/** What is hostile, the text, the code and the line of the finding that has to answer it. */
const CORPUS: readonly (readonly [string, string | Uint8Array, string, number])[] = [
  ["an alias bomb", bomb, "PHAROS-1000", 16],
  ["more aliases than allowed", `a: &a 1\nb: [${"*a,".repeat(1001)}]`, "PHAROS-1000", 2],
  ["an anchor that contains itself", `${HEAD}spec: &s {name: v, socs: [*s]}`, "PHAROS-1002", 4],
  ["an alias without an anchor", `${HEAD}spec: *s`, "PHAROS-1002", 4],
  ["a million opening brackets", "[".repeat(1_000_000), "PHAROS-1000", 1],
  ["a hundred thousand nested lists in block style", "- ".repeat(100_000), "PHAROS-1000", 1],
  ["a hundred thousand nested maps in block style", "? ".repeat(100_000), "PHAROS-1000", 1],
  ["nesting by indentation", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"), "PHAROS-1000", 66],
  ["20 MB", "#".repeat(20 * 1024 * 1024), "PHAROS-1000", 1],
  ["20 MB of bytes", new Uint8Array(20 * 1024 * 1024), "PHAROS-1000", 1],
  ["a million documents", "---\n".repeat(1_000_000), "PHAROS-1000", 1003],
  ["bytes that are not UTF-8", new Uint8Array([0x61, 0xff, 0xfe]), "PHAROS-1002", 1],
  ["malformed flow", `${HEAD}spec: {name: [}`, "PHAROS-1002", 4],
  ["a tab as indentation", `${HEAD}spec:\n\tname: v`, "PHAROS-1002", 5],
  ["an unfinished string", `${HEAD}spec: "v`, "PHAROS-1002", 4],
  ["a List of 20,000 numbers", `apiVersion: v1\nkind: List\nitems:\n${"- 1\n".repeat(20_000)}`, "PHAROS-1008", 4],
  ["closing brackets", "]".repeat(2000), "PHAROS-1002", 1],
  ["a key that is there twice", `${HEAD}spec: {name: v, name: w, socs: [{name: soc1}]}`, "PHAROS-1003", 4],
  [
    "20,000 keys of which two are equal",
    `${HEAD}spec:\n${Array.from({ length: 20_000 }, (_, n) => `  k${n % 19_999}: 1`).join("\n")}`,
    "PHAROS-1003",
    20_004,
  ],
  ["__proto__ as a key", `${HEAD}__proto__: {polluted: true}\nspec: {name: v, socs: [{name: soc1}]}`, "PHAROS-1003", 4],
  [
    "__proto__ as a label",
    `apiVersion: v1\nkind: node\nmetadata: {name: a, labels: {"__proto__": x}}\nspec: {name: v, socs: [{name: soc1}]}`,
    "PHAROS-1003",
    3,
  ],
  ["constructor as a field", `${HEAD}constructor: 1\nspec: {name: v, socs: [{name: soc1}]}`, "PHAROS-1006", 4],
  ["a key that is a list", `${HEAD}? [a]\n: b\nspec: {name: v, socs: [{name: soc1}]}`, "PHAROS-1003", 4],
  ["a merge key", `${HEAD}<<: {spec: {name: v, socs: [{name: soc1}]}}`, "PHAROS-1006", 4],
  ["a tag that makes code", `${HEAD}spec: !!js/function "() => 1"`, "PHAROS-1004", 4],
  ["a local tag", `${HEAD}spec: !vehicle {name: v, socs: [{name: soc1}]}`, "PHAROS-1004", 4],
  ["a document that is text", "hello", "PHAROS-1008", 1],
  ["a document that is a list", "[1, 2]", "PHAROS-1008", 1],
  ["a number as name", `apiVersion: v1\nkind: node\nmetadata: {name: 1}\nspec: {name: v, socs: [{name: soc1}]}`, "PHAROS-1008", 3],
  [
    "not a number as a port",
    `${HEAD}spec: {name: v, socs: [{name: soc1}], failsafe: [{host: h, protocol: tcp, port: .nan}]}`,
    "PHAROS-1008",
    4,
  ],
  ["an endless port", `${HEAD}spec: {name: v, socs: [{name: soc1}], failsafe: [{host: h, protocol: tcp, port: 1e400}]}`, "PHAROS-1008", 4],
];

/** An honest file near the limit of documents; what it costs is the measure of this machine at this moment. */
const HONEST = Array.from({ length: 900 }, (_, n) => NODE.replace("{name: a}", `{name: a${n}}`)).join("---\n");

/** Microseconds of CPU that reading takes. */
function costOf(text: string | Uint8Array) {
  const before = process.cpuUsage();
  const read = parseDocuments(text, { file: "f.yaml" });
  return { ...read, user: process.cpuUsage(before).user };
}

describe("hostile YAML", () => {
  const honest = costOf(HONEST).user;

  test.each(CORPUS)("%s is answered with a finding, for the CPU time of a few honest files", (_name, text, code, line) => {
    const { findings, documents, user } = costOf(text);
    expect(findings.map((finding) => [finding.code, finding.severity, finding.source?.line])).toContainEqual([code, "ERROR", line]);
    expect(documents).toEqual([]);
    expect(user).toBeLessThan(5 * honest);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  test("a clean document passes the same way", () => {
    expect(parseDocuments(NODE).findings).toEqual([]);
  });

  test("thousands of mistakes give a bounded number of findings", () => {
    const socs = Array.from({ length: 5000 }, () => "    - {nam: x}").join("\n");
    const { findings } = parseDocuments(`${HEAD}spec:\n  name: v\n  socs:\n${socs}\n`, { limits: { findings: 20 } });
    expect(findings).toHaveLength(20);
  });
});
