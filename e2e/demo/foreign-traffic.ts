// Things on soc1 that are not ours: an nftables table, a link, a route, and traffic that soc1 forwards for two strangers.
import { spawnSync } from "node:child_process";
import type { VehicleLab } from "../vehicle-lab.ts";

const STRANGERS = ["ph-demo-stranger1", "ph-demo-stranger2"] as const;
const TABLE =
  "table ip foreign {\n\tset addresses {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.7, 192.0.2.9 }\n\t}\n\n\tchain in {\n\t\ttype filter hook input priority 10; policy accept;\n\t\tip saddr @addresses counter packets 0 bytes 0 accept\n\t}\n}\n";

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

export class ForeignTraffic {
  #before = "";

  /** Puts the strangers and the foreign objects in place, before Pharos changes anything. */
  async prepare(lab: VehicleLab): Promise<void> {
    const soc1 = (await lab.state()).namespaces.soc1 ?? "";
    for (const [index, name] of STRANGERS.entries()) {
      ip("netns", "add", name);
      ip("-n", soc1, "link", "add", `foreign${index}`, "type", "veth", "peer", "name", "eth0", "netns", name);
      ip("-n", soc1, "address", "add", `198.51.${index}.1/24`, "dev", `foreign${index}`);
      ip("-n", soc1, "link", "set", `foreign${index}`, "up");
      ip("-n", name, "address", "add", `198.51.${index}.2/24`, "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
      ip("-n", name, "route", "add", "default", "via", `198.51.${index}.1`);
    }
    ip("-n", soc1, "route", "add", "203.0.113.0/24", "via", "198.51.0.2");
    await lab.exec("soc1", ["nft", "-f", "-"], TABLE);
    this.#before = await foreignState(lab);
  }

  /** Whether they are as they were, byte for byte, and the strangers still reach each other through soc1. */
  async report(lab: VehicleLab): Promise<{ good: boolean; text: string }> {
    const same = (await foreignState(lab)) === this.#before;
    const ping = spawnSync("ip", ["netns", "exec", STRANGERS[0], "ping", "-n", "-c", "3", "-i", "0.05", "-W", "1", "198.51.1.2"], {
      encoding: "utf8",
    });
    const passes = ping.status === 0;
    return {
      good: same && passes,
      text: `foreign on soc1: nft table, links and route ${same ? "are byte for byte as before" : "CHANGED"}; two strangers ${passes ? "still reach" : "NO LONGER REACH"} each other through it`,
    };
  }

  async remove(): Promise<void> {
    for (const name of STRANGERS) spawnSync("ip", ["netns", "delete", name]);
  }
}

/** The foreign objects as the tools show them; counters of interfaces are left out. */
async function foreignState(lab: VehicleLab): Promise<string> {
  const parts = [
    await lab.exec("soc1", ["nft", "list", "table", "ip", "foreign"]),
    await lab.exec("soc1", ["ip", "-d", "link", "show", "dev", "foreign0"]),
    await lab.exec("soc1", ["ip", "-d", "link", "show", "dev", "foreign1"]),
    await lab.exec("soc1", ["ip", "-4", "address", "show", "dev", "foreign0"]),
    await lab.exec("soc1", ["ip", "-d", "route", "show", "203.0.113.0/24"]),
    await lab.exec("soc1", ["ip", "-d", "route", "show", "dev", "foreign1"]),
  ];
  return parts.join("");
}
