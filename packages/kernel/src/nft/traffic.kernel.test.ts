import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, type FirewallObject, planOf } from "@pharos/hoststate";
import { nftFirewall, systemNft } from "./index.ts";

/** Updates made under traffic. */
const UPDATES = Number(process.env.N ?? 200);
const PREFIX = `phtr${process.pid}`;
const [LEFT, ROUTER, RIGHT] = [`${PREFIX}l`, `${PREFIX}r`, `${PREFIX}b`];
const firewall = nftFirewall(systemNft({ namespacePath: `/run/netns/${ROUTER}` }));

function ip(...args: readonly string[]): void {
  execFileSync("ip", args);
}

function connect(end: string, link: string, subnet: string): void {
  ip("-n", ROUTER, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", end);
  ip("-n", ROUTER, "address", "add", `${subnet}.1/24`, "dev", link);
  ip("-n", ROUTER, "link", "set", link, "up");
  ip("-n", end, "address", "add", `${subnet}.2/24`, "dev", "eth0");
  ip("-n", end, "link", "set", "eth0", "up");
  ip("-n", end, "route", "add", "default", "via", `${subnet}.1`);
}

function inside(namespace: string, ...command: readonly string[]): ChildProcess {
  return spawn("ip", ["netns", "exec", namespace, ...command], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Echoes what it gets. */
const SERVER = `require("node:net").createServer((socket) => socket.pipe(socket)).listen(5000, "10.78.2.2", () => console.log("ready"))`;
/** Sends a number every 2 ms over one connection; on SIGTERM it ends with 0 if every one came back, in order. */
const CLIENT = `
const socket = require("node:net").connect(5000, "10.78.2.2", () => console.log("ready"));
let sent = 0, seen = "";
const timer = setInterval(() => socket.write(sent++ + "\\n"), 2);
socket.on("data", (chunk) => { seen += chunk; });
socket.on("error", () => process.exit(3));
process.on("SIGTERM", () => {
  clearInterval(timer);
  socket.end();
  socket.on("close", () => {
    const whole = seen === [...Array(sent).keys()].map((n) => n + "\\n").join("");
    console.log(JSON.stringify({ sent, whole }));
    process.exit(whole ? 0 : 2);
  });
});`;

/** What is put in force in turn: each change flushes and fills the base chain, and changes its set and map or the policy. */
function variant(turn: number): readonly FirewallObject[] {
  const extra = turn % 3 === 0 ? [{ body: `tcp dport ${6000 + turn} accept`, origin: "extra" }] : [];
  const elements = [{ key: "10.78.1.0/24", value: "jump left" }, ...(turn % 2 === 0 ? [{ key: "10.90.0.0/16", value: "drop" }] : [])];
  return [
    {
      kind: "chain",
      name: "base",
      hook: { type: "filter", hook: "forward", priority: 0, policy: turn % 5 === 0 ? "accept" : "drop" },
      rules: [
        { body: "ct state established,related accept", origin: `replies ${turn}` },
        { body: "ip saddr vmap @sources", origin: "sources" },
        ...extra,
        { body: "counter drop", origin: "default deny" },
      ],
    },
    { kind: "chain", name: "left", rules: [...extra, { body: "ip daddr @servers accept", origin: "servers" }] },
    // A type that changes makes the set anew, with the chain that looks it up taken out and put back around it.
    {
      kind: "set",
      name: "servers",
      type: "ipv4_addr",
      interval: turn % 4 < 2,
      elements: ["10.78.2.2", ...(turn % 2 === 0 ? ["10.78.2.9"] : [])],
    },
    { kind: "map", name: "sources", keyType: "ipv4_addr", valueType: "verdict", interval: true, elements },
  ];
}

async function bring(desired: readonly FirewallObject[]): Promise<void> {
  const observed = { ...EMPTY_STATE, firewall: await firewall.observe() };
  const steps = planOf(diff(observed, { ...EMPTY_STATE, firewall: desired }));
  for (const step of steps) if (step.kind === "firewall.apply") await firewall.apply(step.transaction);
}

async function text(child: ChildProcess): Promise<string> {
  let all = "";
  child.stdout?.on("data", (chunk) => {
    all += String(chunk);
  });
  await once(child, "close");
  return all;
}

const children: ChildProcess[] = [];

beforeAll(() => {
  for (const name of [LEFT, ROUTER, RIGHT]) ip("netns", "add", name);
  connect(LEFT, "left", "10.78.1");
  connect(RIGHT, "right", "10.78.2");
  execFileSync("ip", ["netns", "exec", ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const name of [LEFT, ROUTER, RIGHT]) ip("netns", "delete", name);
});

describe("changes in place", () => {
  test(
    "lose no ping and break no TCP connection",
    async () => {
      await bring(variant(0));
      const server = inside(RIGHT, process.execPath, "-e", SERVER);
      children.push(server);
      if (server.stdout !== null) await once(server.stdout, "data");
      const client = inside(LEFT, process.execPath, "-e", CLIENT);
      children.push(client);
      if (client.stdout !== null) await once(client.stdout, "data");
      const ping = inside(LEFT, "ping", "-q", "-i", "0.005", "10.78.2.2");
      children.push(ping);
      const [pings, stream] = [text(ping), text(client)];

      for (let turn = 1; turn <= UPDATES; turn++) await bring(variant(turn));

      ping.kill("SIGINT");
      client.kill("SIGTERM");
      expect(await pings).toMatch(/ 0% packet loss/);
      expect(JSON.parse(await stream)).toMatchObject({ whole: true });
      expect(client.exitCode).toBe(0);
    },
    60_000 + UPDATES * 1000,
  );

  test("do cut a flow that the new rules no longer accept, so the traffic above did pass the rules", async () => {
    await bring(variant(1).map((object) => (object.kind === "set" ? { ...object, elements: [] } : object)));
    const ping = inside(LEFT, "ping", "-q", "-c", "3", "-i", "0.01", "-W", "1", "10.78.2.2");
    children.push(ping);
    expect(await text(ping)).toMatch(/ 100% packet loss/);
  });
});
