import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../vehicle-lab.ts";
import { type ExampleLab, exampleLab, plansIn } from "./example-lab.ts";

const REPAIR_MS = 2000;
const FOREIGN =
  "table ip foreign {\n\tchain in {\n\t\ttype filter hook input priority 10; policy accept;\n\t\tip saddr 192.0.2.7 drop\n\t}\n}\n";

interface Damage {
  readonly what: string;
  readonly host: string;
  readonly command: readonly string[];
  /** Shows the damaged part; must be as before within REPAIR_MS. */
  readonly show: readonly string[];
}

const PAIR = "pair-vm1Eth0-to-cloud_vm1Eth0";
const DAMAGES: readonly Damage[] = [
  { what: "a route", host: "vm1", command: ["ip", "route", "del", "172.16.1.0/24"], show: ["ip", "route", "show", "172.16.1.0/24"] },
  { what: "the default route", host: "vm1", command: ["ip", "route", "del", "default"], show: ["ip", "route", "show", "default"] },
  {
    what: "an address",
    host: "soc2",
    command: ["ip", "address", "flush", "dev", "eth0"],
    show: ["ip", "-4", "-o", "address", "show", "dev", "eth0"],
  },
  {
    what: "a gateway address",
    host: "vm1",
    command: ["ip", "address", "del", "10.2.1.1/24", "dev", "podBr0"],
    show: ["ip", "-4", "-o", "address", "show", "dev", "podBr0"],
  },
  {
    what: "a bridge port",
    host: "soc1",
    command: ["ip", "link", "set", "vm1Eth0", "nomaster"],
    show: ["ip", "-o", "link", "show", "master", "vmBr0"],
  },
  {
    what: "a link's state",
    host: "soc1",
    command: ["ip", "link", "set", "eth0", "down"],
    show: ["ip", "-br", "link", "show", "dev", "eth0"],
  },
  {
    what: "a chain's rules",
    host: "soc1",
    command: ["nft", "flush", "chain", "inet", "pharos", PAIR],
    show: ["nft", "-s", "list", "chain", "inet", "pharos", PAIR],
  },
  {
    what: "a rule too many",
    host: "soc1",
    command: ["nft", "insert", "rule", "inet", "pharos", PAIR, "accept"],
    show: ["nft", "-s", "list", "chain", "inet", "pharos", PAIR],
  },
  {
    what: "a map's elements",
    host: "soc1",
    command: ["nft", "flush", "map", "inet", "pharos", "forward-4"],
    show: ["nft", "-s", "list", "map", "inet", "pharos", "forward-4"],
  },
  {
    what: "the whole table",
    host: "soc1",
    command: ["nft", "delete", "table", "inet", "pharos"],
    show: ["nft", "-s", "list", "table", "inet", "pharos"],
  },
];

describe("damage done by hand", () => {
  let example: ExampleLab;
  beforeAll(async () => {
    example = await exampleLab("damage");
  });
  afterAll(() => example?.lab.down());

  /** Order of elements and interface indices may differ after a repair; what is there may not. */
  const shown = async ({ host, show }: Damage) => {
    const { output } = await example.lab.tryExec(host, show);
    return output
      .replaceAll(/^\d+: /gm, "")
      .split("\n")
      .map((line) => line.trim())
      .sort()
      .join("\n");
  };

  test.each(DAMAGES)("is repaired within 2 s: $what", async (damage) => {
    const plans = async () => plansIn(await example.lab.log(`agent-${damage.host}`)).length;
    const [before, planned] = [await shown(damage), await plans()];
    await example.lab.exec(damage.host, damage.command);
    // The agent may be quicker than a look at the damage; its plan proves that there was some.
    await eventually(async () => {
      expect(await plans()).toBeGreaterThan(planned);
      expect(await shown(damage)).toBe(before);
    }, REPAIR_MS);
  });

  test("a rule removed by its handle comes back", async () => {
    const { lab } = example;
    const list = () => lab.exec("soc1", ["nft", "-a", "list", "chain", "inet", "pharos", PAIR]);
    const handle = /50000.*# handle (\d+)/.exec(await list())?.[1] ?? "";
    await lab.exec("soc1", ["nft", "delete", "rule", "inet", "pharos", PAIR, "handle", handle]);
    await eventually(async () => expect(await list()).toContain("tcp dport 50000"), REPAIR_MS);
  });

  test("foreign tables, routes and links stay as they were, byte for byte, through changes and repairs", async () => {
    const { lab, given } = example;
    await lab.exec("soc1", ["nft", "-f", "-"], FOREIGN);
    await lab.exec("soc1", ["ip", "link", "add", "foreign0", "type", "veth", "peer", "name", "foreign1"]);
    await lab.exec("soc1", ["ip", "link", "set", "foreign0", "up"]);
    await lab.exec("soc1", ["ip", "address", "add", "198.51.100.1/24", "dev", "foreign0"]);
    await lab.exec("soc1", ["ip", "route", "add", "203.0.113.0/24", "dev", "foreign0"]);
    const foreign = async () =>
      [
        await lab.exec("soc1", ["nft", "list", "table", "ip", "foreign"]),
        await lab.exec("soc1", ["ip", "-d", "link", "show", "dev", "foreign0"]),
        await lab.exec("soc1", ["ip", "-4", "address", "show", "dev", "foreign0"]),
        await lab.exec("soc1", ["ip", "-d", "route", "show", "dev", "foreign0"]),
      ].join("");
    const before = await foreign();
    expect((await lab.api.configureVehicleNetwork(given.text.replace("dstPort: 50000", "dstPort: 50001"))).success).toBe(true);
    await lab.exec("soc1", ["nft", "delete", "table", "inet", "pharos"]);
    await eventually(() => lab.exec("soc1", ["nft", "list", "table", "inet", "pharos"]), REPAIR_MS);
    expect((await lab.api.configureVehicleNetwork(given.text)).success).toBe(true);
    expect(await foreign()).toBe(before);
  });
});
