import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { DhcpSegment, honest } from "@pharos/dhcp/testing";
import type { PodNetworkData } from "@pharos/hoststate";
import { withNamespace } from "@pharos/kernel/namespace";
import { readLedger } from "@pharos/ledger";
import { killedAt, killRuns, splitAt, tracedCalls } from "../crash/index.ts";
import { builtPlugin, TestHost } from "../plugin-harness.ts";

const COUNT = Number(process.env.N ?? "12");
const DATA: PodNetworkData = {
  version: 1,
  defaultBridge: "wireBr",
  bridges: [{ name: "wireBr", isGateway: false, ipMasq: false, ipam: "dhcp", ranges: [], routes: [{ dst: "0.0.0.0/0" }] }],
};

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** A host whose plugin runs under another program. */
function newHost(prefix: string) {
  const plugin = builtPlugin();
  const wrapper = `/tmp/${prefix}-plugin`;
  const host = new TestHost(prefix, wrapper, DATA);
  for (const pod of ["dhcp", "a"]) host.addPod(pod);
  const segment = new DhcpSegment({
    host: host.namespaceOf("host"),
    server: host.namespaceOf("dhcp"),
    bridge: "wireBr",
    folder: host.folder,
    inside: (namespace, work) => withNamespace(`/run/netns/${namespace}`, work),
  });
  ends.push(async () => {
    await segment.stop();
    host.remove();
    rmSync(wrapper);
  });
  const call = (verb: string, through: readonly string[] = []) => {
    writeFileSync(wrapper, `#!/bin/sh\nexec ${[...through, plugin].join(" ")}\n`, { mode: 0o755 });
    return host.call({ verb, pod: "a" });
  };
  return { host, segment, call };
}

/** True when that is the last message that the server hears, at once or a little later. */
async function hears({ heard }: DhcpSegment, message: string): Promise<boolean> {
  for (let tries = 0; tries < 100 && heard.at(-1) !== message; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return heard.at(-1) === message;
}

test(
  `an ADD with a lease that is killed at a system call is completed by the next one, or removed without a trace (${COUNT} times)`,
  async () => {
    const { host, segment, call } = newHost(`pdhk${process.pid}`);
    segment.script(honest("10.4.0.5"));
    const trace = join(host.folder, "trace");
    await call("ADD", ["strace", "-qq", "-o", trace]);
    await call("DEL");
    const parts = splitAt(tracedCalls(readFileSync(trace, "utf8")), host.stateDir);
    const faults: string[] = [];
    let killed = 0;
    for (const { call: at, aftermath } of killRuns(parts, ["ADD", "DEL"] as const, { count: COUNT, phase: Math.random() })) {
      const end = await call("ADD", killedAt(at));
      if (end.code !== 0) killed++;
      const title = `${at.name} ${at.ordinal}, ${aftermath}`;
      if (aftermath === "ADD") {
        const again = await call("ADD");
        const entry = readLedger(host.stateDir)[0];
        const kernel = host.ip("a", "-4", "-br", "addr", "show", "dev", "eth0");
        if (again.code !== 0 || !kernel.includes("10.4.0.5/24") || entry?.lease?.address !== "10.4.0.5/24" || host.podLinks().length !== 1)
          faults.push(`${title}: ${again.stdout} ${kernel} ${JSON.stringify(entry)}`);
      }
      const last = await call("DEL");
      const left = [...host.podLinks(), ...readLedger(host.stateDir).map(({ key }) => key.containerID)];
      if (last.code !== 0 || left.length > 0) faults.push(`${title}: DEL ${last.stdout} left ${left.join()}`);
      if (aftermath === "ADD" && !(await hears(segment, "release 10.4.0.5"))) faults.push(`${title}: heard last ${segment.heard.at(-1)}`);
    }
    expect(faults).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(COUNT / 2);
  },
  120_000 + COUNT * 10_000,
);
