import { describe, expect, test } from "@jest/globals";
import { bodyHash } from "@pharos/hoststate/firewall";
import { nftFirewall } from "./firewall.ts";
import { NftFailure, type NftRunner } from "./runner.ts";

/** An nft that lists one chain with one rule, whose expressions are set by the test. */
function listing(expressions: () => readonly unknown[], comment: string): NftRunner {
  const rule = () => ({ family: "inet", table: "pharos", chain: "a", handle: 3, comment, expr: expressions() });
  const table = () => [
    { metainfo: {} },
    { table: { family: "inet", name: "pharos" } },
    { chain: { name: "a", handle: 1 } },
    { rule: rule() },
  ];
  return { run: async (args) => ({ stdout: args[0] === "-j" ? JSON.stringify({ nftables: table() }) : "" }) };
}

const failing = (message: string): NftRunner => ({ run: () => Promise.reject(new NftFailure(message)) });

const HASH = bodyHash("accept");
const WRITTEN = `add rule inet pharos a accept comment "${HASH} x"\n`;

async function bodies(firewall: ReturnType<typeof nftFirewall>): Promise<readonly string[]> {
  return (await firewall.observe()).flatMap((object) => (object.kind === "chain" ? object.rules.map(({ body }) => body) : []));
}

describe("nftFirewall", () => {
  test("takes a rule in an unknown form as changed, until nft prints that form for what was just written", async () => {
    let form: readonly unknown[] = [{ "accept in a new form": null }];
    const firewall = nftFirewall(listing(() => form, `${HASH} x`));
    expect(await bodies(firewall)).toEqual(["(not readable)"]);
    await firewall.apply(WRITTEN);
    expect(await bodies(firewall)).toEqual([`#${HASH}`]);
    expect(await bodies(firewall)).toEqual([`#${HASH}`]);
    form = [{ "another form": null }];
    expect(await bodies(firewall)).toEqual(["(not readable)"]);
  });

  test("does not take what it did not write for its own", async () => {
    const firewall = nftFirewall(listing(() => [{ strange: null }], `${HASH} x`));
    await bodies(firewall);
    await firewall.apply("add chain inet pharos b\n");
    expect(await bodies(firewall)).toEqual(["(not readable)"]);
  });

  test("does not count counters as a change of form", async () => {
    let packets = 0;
    const firewall = nftFirewall(listing(() => [{ counter: { packets: packets++, bytes: 0 } }, { strange: null }], `${HASH} x`));
    await bodies(firewall);
    await firewall.apply(WRITTEN);
    expect(await bodies(firewall)).toEqual([`#${HASH}`]);
    expect(await bodies(firewall)).toEqual([`#${HASH}`]);
  });

  test("has no objects where there is no table", async () => {
    expect(await nftFirewall(failing("Error: No such file or directory")).observe()).toEqual([]);
  });

  test("says what nft said when it cannot list or apply", async () => {
    const firewall = nftFirewall(failing("Error: Operation not permitted"));
    await expect(firewall.observe()).rejects.toMatchObject({ code: "PHAROS-2052", message: "Error: Operation not permitted" });
    await expect(firewall.apply("x")).rejects.toMatchObject({ code: "PHAROS-2050", message: "Error: Operation not permitted" });
  });
});
