import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./worlds.ts";

const OWN_LINKS = new Set(["lo", "up0", "cni0"]);
const NOT_ADDRESSES = new Set(["lock", "last_reserved_ip.0"]);

/** What is left on a host after the last DEL: links, lines of the firewall that name a pod's address, addresses of host-local. */
export function leftovers({ host, folder }: World): { readonly links: number; readonly firewall: number; readonly addresses: number } {
  const inHost = (...command: readonly string[]) =>
    execFileSync("nsenter", [`--net=${host}`, ...command], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  const links: readonly { readonly ifname: string }[] = JSON.parse(inHost("ip", "-j", "link", "show"));
  const lines = inHost("nft", "list", "ruleset").split("\n");
  const state = join(folder, "host-local");
  const addresses = existsSync(state)
    ? readdirSync(state, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && !NOT_ADDRESSES.has(file.name))
    : [];
  return {
    links: links.filter(({ ifname }) => !OWN_LINKS.has(ifname)).length,
    firewall: lines.filter((line) => /\b10\.77\.\d+\.(?!0\/|1\b)\d+\b/.test(line)).length,
    addresses: addresses.length,
  };
}
