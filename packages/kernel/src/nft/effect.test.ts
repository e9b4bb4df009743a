import { describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, type FirewallObject, planOf } from "@pharos/hoststate";
import { firewalls } from "@pharos/hoststate/firewall-arbitrary";
import fc from "fast-check";
import { applyTransactionToObjects } from "./effect.ts";

function transactionFor(observed: readonly FirewallObject[], desired: readonly FirewallObject[]): string | undefined {
  const [step] = planOf(diff({ ...EMPTY_STATE, firewall: observed }, { ...EMPTY_STATE, firewall: desired }));
  return step?.kind === "firewall.apply" ? step.transaction : undefined;
}

function apply(observed: readonly FirewallObject[], desired: readonly FirewallObject[]): readonly FirewallObject[] {
  const transaction = transactionFor(observed, desired);
  return transaction === undefined ? observed : applyTransactionToObjects(observed, transaction);
}

function refusal(...lines: readonly string[]): string {
  try {
    applyTransactionToObjects([], lines.join("\n"));
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("applyTransactionToObjects", () => {
  test("brings any firewall to any other, with nothing left to do", () => {
    fc.assert(
      fc.property(firewalls, firewalls, (first, second) => {
        const reached = apply(apply([], first), second);
        expect(transactionFor(reached, second)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    [
      "a jump to a missing chain",
      ["add chain inet pharos a", 'add rule inet pharos a jump b comment "00000000000"'],
      "No such file or directory: chain b",
    ],
    [
      "the deletion of a chain in use",
      [
        "add chain inet pharos a",
        "add chain inet pharos b",
        'add rule inet pharos a jump b comment "00000000000"',
        "delete chain inet pharos b",
      ],
      "Device or resource busy: chain b",
    ],
    [
      "the deletion of a set in use",
      [
        "add chain inet pharos a",
        "add set inet pharos s { type ipv4_addr; }",
        'add rule inet pharos a ip saddr @s accept comment "00000000000"',
        "delete set inet pharos s",
      ],
      "Device or resource busy: set s",
    ],
    ["the deletion of what is not there", ["delete element inet pharos s { 10.0.0.1 }"], "No such file or directory: set s"],
    [
      "a loop",
      [
        "add chain inet pharos a",
        "add chain inet pharos b",
        'add rule inet pharos a jump b comment "00000000000"',
        'add rule inet pharos b goto a comment "00000000000"',
      ],
      "Too many links: a loop through chain a",
    ],
    [
      "an element of another type",
      ["add set inet pharos s { type ipv4_addr; }", "add element inet pharos s { fd00::1 }"],
      "Invalid argument: elements of s",
    ],
    ["a command that the section does not write", ["flush ruleset"], "syntax error: flush ruleset"],
  ])("refuses %s, as nft does", (_, lines, message) => {
    expect(refusal(...lines)).toBe(message);
  });
});
