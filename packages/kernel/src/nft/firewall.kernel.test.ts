import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, type FirewallObject, keyOf, planOf, SECTIONS } from "@pharos/hoststate";
import { firewalls } from "@pharos/hoststate/firewall-arbitrary";
import fc from "fast-check";
import { applyTransactionToObjects, nftFirewall, systemNft } from "./index.ts";

/** Transitions tried. */
const CASES = Number(process.env.N ?? 100);
const NAMESPACE = `phfw${process.pid}`;
const firewall = nftFirewall(systemNft({ namespacePath: `/run/netns/${NAMESPACE}` }));

function nft(...args: readonly string[]): string {
  return execFileSync("ip", ["netns", "exec", NAMESPACE, "nft", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function transactionFor(observed: readonly FirewallObject[], desired: readonly FirewallObject[]): string | undefined {
  const [step] = planOf(diff({ ...EMPTY_STATE, firewall: observed }, { ...EMPTY_STATE, firewall: desired }));
  return step?.kind === "firewall.apply" ? step.transaction : undefined;
}

/** Applies what is needed, and returns the transaction. */
async function converge(desired: readonly FirewallObject[]): Promise<string | undefined> {
  const transaction = transactionFor(await firewall.observe(), desired);
  if (transaction !== undefined) await firewall.apply(transaction);
  return transaction;
}

function texts(objects: readonly FirewallObject[]): readonly string[] {
  return [...objects]
    .sort((a, b) => (keyOf("firewall", a) < keyOf("firewall", b) ? -1 : 1))
    .flatMap((object) => SECTIONS.firewall.text(object));
}

beforeAll(() => {
  execFileSync("ip", ["netns", "add", NAMESPACE]);
});
afterAll(() => {
  execFileSync("ip", ["netns", "delete", NAMESPACE]);
});

describe("a firewall in a network namespace", () => {
  test(
    "is what was asked for after one transaction, from any firewall to any other, and the model agrees",
    async () => {
      let model: readonly FirewallObject[] = [];
      await fc.assert(
        fc.asyncProperty(firewalls, async (desired) => {
          const transaction = await converge(desired);
          if (transaction !== undefined) model = applyTransactionToObjects(model, transaction);
          const observed = await firewall.observe();
          expect(transactionFor(observed, desired)).toBeUndefined();
          expect(texts(observed)).toEqual(texts(model));
        }),
        { numRuns: CASES },
      );
    },
    60_000 + CASES * 1000,
  );
});

const SAMPLE: readonly FirewallObject[] = [
  {
    kind: "chain",
    name: "base",
    hook: { type: "filter", hook: "forward", priority: 0, policy: "drop" },
    rules: [
      { body: "ct state established,related accept", origin: "Node/v replies" },
      { body: "ip saddr vmap @zones", origin: "zones" },
      { body: "ip saddr @friends tcp dport 443 accept", origin: "RoutingConfig/a rules[0]" },
      { body: "ip saddr @friends tcp dport 444 accept", origin: "RoutingConfig/a rules[1]" },
    ],
  },
  { kind: "chain", name: "pair", rules: [{ body: "udp dport 7400-7500 @th,64,32 0x52545053 accept", origin: "RoutingConfig/a rules[2]" }] },
  { kind: "set", name: "friends", type: "ipv4_addr", interval: true, elements: ["10.0.0.0/24", "10.0.2.1"] },
  {
    kind: "map",
    name: "zones",
    keyType: "ipv4_addr",
    valueType: "verdict",
    interval: true,
    elements: [{ key: "10.1.0.0/16", value: "goto pair" }],
  },
];

/** All of the table as nft prints it, its objects in name order; empty when there is none. */
function listing(): string {
  const blocks = nft("list", "ruleset").split("\n\n");
  return blocks
    .map((block) => block.replaceAll(/^table inet pharos \{\n|\n\}\n?$/g, "").trimEnd())
    .sort()
    .join("\n\n");
}

/** The handle of the n-th rule of a chain. */
function handle(chain: string, index: number): string {
  const handles = [...nft("-a", "list", "chain", "inet", "pharos", chain).matchAll(/comment ".*# handle (\d+)/g)];
  return handles[index]?.[1] ?? "none";
}

const comment = (chain: string, index: number): string =>
  [...nft("list", "chain", "inet", "pharos", chain).matchAll(/comment "(.*)"/g)][index]?.[1] ?? "none";

const DAMAGE: readonly (readonly [what: string, damage: () => void])[] = [
  ["a rule deleted", () => nft("delete", "rule", "inet", "pharos", "base", "handle", handle("base", 2))],
  ["a rule appended", () => nft("add rule inet pharos pair accept")],
  ["a rule inserted before the others", () => nft("insert rule inet pharos base accept")],
  [
    "a rule replaced under its own comment",
    () =>
      nft(
        `replace rule inet pharos base handle ${handle("base", 2)} ip saddr @friends tcp dport 1-65535 accept comment "${comment("base", 2)}"`,
      ),
  ],
  [
    "a rule replaced by one outside the grammar, under its own comment",
    () => nft(`replace rule inet pharos base handle ${handle("base", 2)} meta cpu 0 accept comment "${comment("base", 2)}"`),
  ],
  [
    "a rule's comment removed",
    () => nft(`replace rule inet pharos base handle ${handle("base", 2)} ip saddr @friends tcp dport 443 accept`),
  ],
  [
    "two rules in the other order",
    () => {
      const text = comment("base", 2);
      nft("delete", "rule", "inet", "pharos", "base", "handle", handle("base", 2));
      nft(`add rule inet pharos base ip saddr @friends tcp dport 443 accept comment "${text}"`);
    },
  ],
  ["a chain flushed", () => nft("flush chain inet pharos pair")],
  ["an element removed", () => nft("delete element inet pharos friends { 10.0.2.1 }")],
  ["an element added", () => nft("add element inet pharos friends { 10.9.0.0/16 }")],
  [
    "a map's value changed",
    () => nft("delete element inet pharos zones { 10.1.0.0/16 } ; add element inet pharos zones { 10.1.0.0/16 : accept }"),
  ],
  ["a policy changed", () => nft("add chain inet pharos base { policy accept; }")],
  [
    "a chain added",
    () =>
      nft(
        "add chain inet pharos evil { type filter hook forward priority -50; policy accept; } ; add rule inet pharos evil meta cpu 0 accept",
      ),
  ],
  [
    "a set with a time-out added",
    () => nft("add set inet pharos evil { type ipv4_addr; timeout 1h; } ; add element inet pharos evil { 10.0.0.1 timeout 10m }"),
  ],
  [
    "a set made anew with another type",
    () => nft("flush chain inet pharos base ; delete set inet pharos friends ; add set inet pharos friends { type ipv6_addr; }"),
  ],
  ["the table put to sleep", () => nft("add table inet pharos { flags dormant; }")],
  ["the table deleted", () => nft("delete table inet pharos")],
];

describe("damage by hand", () => {
  test.each(DAMAGE)("%s is found and repaired", async (_, damage) => {
    await converge(SAMPLE);
    const before = listing();
    damage();
    expect(listing()).not.toBe(before);
    expect(await converge(SAMPLE)).toBeDefined();
    expect(listing()).toBe(before);
    expect(await converge(SAMPLE)).toBeUndefined();
  });

  test("a refused transaction changes nothing, and says what nft said", async () => {
    await converge(SAMPLE);
    const before = nft("list", "ruleset");
    const transaction = 'flush chain inet pharos base\nadd rule inet pharos base jump nowhere comment "x"\n';
    await expect(firewall.apply(transaction)).rejects.toMatchObject({
      code: "PHAROS-2050",
      message: expect.stringContaining("No such file or directory"),
    });
    expect(nft("list", "ruleset")).toBe(before);
  });
});

describe("tables of others", () => {
  test("stay as they are, byte for byte, handles included", async () => {
    nft(
      "add table inet other ; add chain inet other c { type filter hook forward priority 5; policy accept; } ; add rule inet other c counter accept",
    );
    nft("add table ip pharos ; add set ip pharos s { type ipv4_addr; flags interval; elements = { 10.0.0.0/24 } }");
    const theirs = (): string => nft("-a", "list", "table", "inet", "other") + nft("-a", "list", "table", "ip", "pharos");
    const before = theirs();
    await converge(SAMPLE);
    await converge([]);
    await converge(SAMPLE);
    expect(theirs()).toBe(before);
    nft("delete table inet other ; delete table ip pharos");
  });
});
