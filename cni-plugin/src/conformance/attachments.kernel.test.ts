import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { CNI_VERSIONS } from "@pharos/attach";
import { withNamespace } from "@pharos/kernel/namespace";
import { readLedger } from "@pharos/ledger";
import { runPlugin } from "../plugin.ts";
import type { TestHost } from "../plugin-harness.ts";
import { testHosts } from "../test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "../test-network.ts";

/** Three addresses for pods, of five. */
function tight(net: number) {
  const at = (last: number) => `10.${net}.0.${last}`;
  return { ...rangeOf(`10.${net}.0.0/24`, "5"), block: `${at(0)}/28`, exclude: [at(4)] };
}
const DATA = networkOf(
  bridgeOf("front", [tight(71), rangeOf("fd71::/64", "9")], { ipMasq: true, routes: [{ dst: "0.0.0.0/0" }] }),
  bridgeOf("store", [tight(72)], { ipMasq: true }),
  bridgeOf("fixed", [tight(73)], { ipMasq: true, ipam: "static" }),
);

interface Answer {
  readonly exit: number;
  readonly code?: number;
  readonly msg?: string;
  readonly ips?: readonly { readonly address: string; readonly version?: string; readonly interface: number }[];
  readonly interfaces?: readonly { readonly name: string; readonly mtu?: number }[];
}

const newHost = testHosts("pcot", DATA);
const PODS = ["a", "b", "c", "d"];
let host: TestHost;

interface Call {
  readonly verb: string;
  readonly pod?: string;
  readonly args?: string;
  readonly ifname?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly netns?: string;
}

/** The plugin's function, with this thread in the host's namespace: what takes its time is the kernel, not starts of programs. */
function call(cniVersion: string, { verb, pod = "a", args = "", ifname = "eth0", config = {}, netns }: Call): Answer {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: `${pod}-id`,
    CNI_NETNS: netns ?? `/run/netns/${host.namespaceOf(pod)}`,
    CNI_IFNAME: ifname,
    CNI_ARGS: args,
  };
  const stdin = JSON.stringify({ cniVersion, name: "pods", type: "pharos-cni", stateDir: host.stateDir, pharos: DATA, ...config });
  const { stdout, code } = withNamespace(`/run/netns/${host.namespaceOf("host")}`, () => runPlugin({ env, stdin }));
  return { exit: code, ...JSON.parse(stdout === "" ? "{}" : stdout) };
}

const annotated = (bridges: string, ip?: string) => ({
  runtimeConfig: {
    "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": bridges, ...(ip === undefined ? {} : { "pharos.io/ip": ip }) },
  },
});
const port = (hostPort: number) => ({ runtimeConfig: { portMappings: [{ hostPort, containerPort: 80, protocol: "tcp" }] } });
const limits = { runtimeConfig: { bandwidth: { ingressRate: 8_000_000, egressRate: 8_000_000 } } };
const ledger = () => join(host.stateDir, "ledger");

/** What is asked, and what is there afterwards: interfaces of pods, by ledger and kernel. */
interface Row {
  readonly what: string;
  /** Done before: calls, or damage. */
  readonly given?: readonly (Call | (() => unknown))[];
  readonly asked: Call;
  /** 0 is success. */
  readonly code: number;
  readonly says?: string;
  /** Addresses in the result. */
  readonly gives?: readonly string[];
  readonly left: number;
  /** Undoes what was damaged, where DEL does not. */
  readonly undo?: () => unknown;
}

const ADD: Call = { verb: "ADD" };
const B: Call = { verb: "ADD", pod: "b" };
const DEL: Call = { verb: "DEL" };

const ROWS: readonly Row[] = [
  { what: "a first ADD", asked: ADD, code: 0, gives: ["10.71.0.2/24", "fd71::2/64"], left: 1 },
  { what: "a second pod", given: [ADD], asked: B, code: 0, gives: ["10.71.0.3/24", "fd71::3/64"], left: 2 },
  { what: "the same ADD again", given: [ADD], asked: ADD, code: 0, gives: ["10.71.0.2/24", "fd71::2/64"], left: 1 },
  {
    what: "another wish in the same ADD again",
    given: [ADD],
    asked: { ...ADD, args: "IP=10.71.0.9" },
    code: 0,
    gives: ["10.71.0.2/24", "fd71::2/64"],
    left: 1,
  },
  { what: "a second interface of one container", given: [ADD], asked: { ...ADD, ifname: "eth1" }, code: 0, left: 2 },
  { what: "a fixed address", asked: { ...ADD, args: "IP=10.71.0.9" }, code: 0, gives: ["10.71.0.9/24", "fd71::2/64"], left: 1 },
  {
    what: "a fixed address of another pod",
    given: [{ ...B, args: "IP=10.71.0.9" }],
    asked: { ...ADD, args: "IP=10.71.0.9" },
    code: 11,
    says: "PHAROS-2206",
    left: 1,
  },
  { what: "a fixed address outside the block", asked: { ...ADD, args: "IP=10.71.0.99" }, code: 7, says: "PHAROS-2207", left: 0 },
  { what: "the gateway as address", asked: { ...ADD, args: "IP=10.71.0.1" }, code: 7, says: "reserved", left: 0 },
  { what: "an excluded address", asked: { ...ADD, args: "IP=10.71.0.4" }, code: 7, says: "reserved", left: 0 },
  {
    what: "two addresses of one family",
    asked: { ...ADD, args: "IP=10.71.0.8,10.71.0.9" },
    code: 7,
    says: "two addresses of one family",
    left: 0,
  },
  {
    what: "an address of a family without range",
    asked: { ...ADD, args: "IP=fd00::1", config: annotated("store") },
    code: 7,
    says: "no range for",
    left: 0,
  },
  {
    what: "ranges of another host",
    asked: { ...ADD, config: { runtimeConfig: { ipRanges: [[{ subnet: "10.9.0.0/24" }]] } } },
    code: 7,
    says: "PHAROS-2207",
    left: 0,
  },
  {
    what: "a bridge that is not here",
    asked: { ...ADD, config: annotated("nowhere") },
    code: 11,
    says: "bridges: front, store, fixed",
    left: 0,
  },
  {
    what: "no default bridge",
    asked: { ...ADD, config: { pharos: { ...DATA, defaultBridge: undefined } } },
    code: 11,
    says: "no default bridge",
    left: 0,
  },
  {
    what: "two bridges",
    asked: { ...ADD, config: annotated("front,store") },
    code: 0,
    gives: ["10.71.0.2/24", "fd71::2/64", "10.72.0.2/24"],
    left: 2,
  },
  {
    what: "two bridges, the second not here",
    asked: { ...ADD, config: annotated("front,nowhere") },
    code: 11,
    says: "no bridge nowhere",
    left: 0,
  },
  {
    what: "an address on a bridge that the pod has not",
    asked: { ...ADD, config: annotated("front", "store=10.72.0.9") },
    code: 7,
    says: "the pod's bridges are front",
    left: 0,
  },
  { what: "a static bridge without address", asked: { ...ADD, config: annotated("fixed") }, code: 7, says: "names none", left: 0 },
  { what: "a static bridge", asked: { ...ADD, config: annotated("fixed", "10.73.0.200") }, code: 0, gives: ["10.73.0.200/24"], left: 1 },
  { what: "a full bridge", given: [ADD, B, { ...ADD, pod: "c" }], asked: { ...ADD, pod: "d" }, code: 11, says: "PHAROS-2205", left: 3 },
  {
    what: "a freed address",
    given: [ADD, B, { ...ADD, pod: "c" }, DEL],
    asked: { ...ADD, pod: "d" },
    code: 0,
    gives: ["10.71.0.2/24", "fd71::5/64"],
    left: 3,
  },
  { what: "a host port", asked: { ...ADD, config: port(18080) }, code: 0, left: 1 },
  {
    what: "a host port of another pod",
    given: [{ ...B, config: port(18080) }],
    asked: { ...ADD, config: port(18080) },
    code: 11,
    says: "PHAROS-2208",
    left: 1,
  },
  { what: "limits", asked: { ...ADD, config: limits }, code: 0, left: 1 },
  {
    what: "a link of the interface's name in the pod",
    given: [() => host.ip("a", "link", "add", "eth0", "type", "bridge")],
    asked: ADD,
    code: 101,
    says: "EEXIST",
    left: 0,
    undo: () => host.ip("a", "link", "del", "eth0"),
  },
  {
    what: "a foreign link of the bridge's name",
    given: [
      () => {
        host.ip("host", "link", "set", "front", "name", "front-aside");
        host.ip("host", "link", "add", "front", "type", "veth", "peer", "name", "q0");
      },
    ],
    asked: ADD,
    code: 102,
    says: "front exists and is no bridge",
    left: 0,
    undo: () => {
      host.ip("host", "link", "del", "front");
      host.ip("host", "link", "set", "front-aside", "name", "front");
    },
  },
  { what: "a router elsewhere", asked: { ...ADD, args: "GATEWAY=10.99.0.1" }, code: 7, says: "in the subnet of no address", left: 0 },
  {
    what: "a ledger that was lost",
    given: [ADD, () => rmSync(ledger())],
    asked: B,
    code: 0,
    gives: ["10.71.0.3/24", "fd71::3/64"],
    left: 2,
  },
  {
    what: "a torn ledger",
    given: [ADD, () => appendFileSync(ledger(), "0123")],
    asked: B,
    code: 0,
    gives: ["10.71.0.3/24", "fd71::3/64"],
    left: 2,
  },
  {
    what: "a ledger full of noise",
    given: [ADD, () => writeFileSync(ledger(), Buffer.alloc(999, 7))],
    asked: B,
    code: 0,
    gives: ["10.71.0.3/24", "fd71::3/64"],
    left: 2,
  },
  { what: "DEL of an attachment", given: [ADD], asked: DEL, code: 0, left: 0 },
  { what: "DEL again", given: [ADD, DEL], asked: DEL, code: 0, left: 0 },
  { what: "DEL of nothing", asked: DEL, code: 0, left: 0 },
  { what: "DEL without a namespace", given: [ADD], asked: { ...DEL, netns: "" }, code: 0, left: 0 },
  { what: "DEL of a namespace that is gone", given: [ADD], asked: { ...DEL, netns: "/run/netns/gone" }, code: 0, left: 0 },
  {
    what: "DEL without network data",
    given: [ADD],
    asked: { ...DEL, config: { pharos: undefined, dataFile: "/nowhere" } },
    code: 0,
    left: 0,
  },
  { what: "DEL of one of two", given: [ADD, B], asked: DEL, code: 0, left: 1 },
  { what: "DEL of several interfaces", given: [{ ...ADD, config: annotated("front,store") }], asked: DEL, code: 0, left: 0 },
  { what: "DEL of a pod whose link is gone", given: [ADD, () => host.ip("a", "link", "del", "eth0")], asked: DEL, code: 0, left: 0 },
  { what: "DEL where the bridge is gone", given: [ADD, () => host.ip("host", "link", "del", "front")], asked: DEL, code: 0, left: 0 },
  {
    what: "DEL where the pods' table is gone",
    given: [{ ...ADD, config: port(18080) }, () => host.exec("host", "nft", "delete", "table", "inet", "pharos_pods")],
    asked: DEL,
    code: 0,
    left: 0,
  },
  { what: "DEL where the ledger is gone", given: [ADD, () => rmSync(ledger())], asked: DEL, code: 0, left: 0 },
  { what: "DEL with limits", given: [{ ...ADD, config: limits }], asked: DEL, code: 0, left: 0 },
];

/** Those of versions that have the commands. */
const LATER: readonly (Row & { readonly since: string })[] = [
  { since: "0.4.0", what: "CHECK", given: [ADD], asked: { verb: "CHECK" }, code: 0, left: 1 },
  { since: "0.4.0", what: "CHECK of nothing", asked: { verb: "CHECK" }, code: 104, says: "PHAROS-5009", left: 0 },
  { since: "0.4.0", what: "CHECK after DEL", given: [ADD, DEL], asked: { verb: "CHECK" }, code: 104, says: "PHAROS-5009", left: 0 },
  {
    since: "0.4.0",
    what: "CHECK in another namespace",
    given: [ADD],
    asked: { verb: "CHECK", netns: "b" },
    code: 103,
    says: "eth0 is missing in the pod",
    left: 1,
  },
  {
    since: "0.4.0",
    what: "CHECK with a result of another",
    given: [ADD],
    asked: { verb: "CHECK", config: { prevResult: { ips: [{ address: "10.71.0.9/24" }] } } },
    code: 103,
    says: "has not the address 10.71.0.2/24 of the ledger",
    left: 1,
  },
  { since: "1.1.0", what: "STATUS", asked: { verb: "STATUS" }, code: 0, left: 0 },
  {
    since: "1.1.0",
    what: "GC of all",
    given: [ADD, B],
    asked: { verb: "GC", config: { "cni.dev/valid-attachments": [] } },
    code: 0,
    left: 0,
  },
  {
    since: "1.1.0",
    what: "GC but one",
    given: [ADD, B],
    asked: { verb: "GC", config: { "cni.dev/valid-attachments": [{ containerID: "b-id", ifname: "eth0" }] } },
    code: 0,
    left: 1,
  },
  {
    since: "1.1.0",
    what: "GC of another network",
    given: [ADD],
    asked: { verb: "GC", config: { name: "other", "cni.dev/valid-attachments": [] } },
    code: 0,
    left: 1,
  },
  { since: "1.1.0", what: "GC of nothing", asked: { verb: "GC", config: { "cni.dev/valid-attachments": [] } }, code: 0, left: 0 },
];

function prepare(version: string, given: Row["given"] = []): void {
  for (const step of given) {
    if (typeof step === "function") step();
    else expect([step, call(version, step)]).toEqual([step, expect.objectContaining({ exit: 0 })]);
  }
}

function elements(): string {
  return host.exec("host", "nft", "list", "ruleset").match(/elements = .*/)?.[0] ?? "";
}

/** DEL of all that the row attached leaves nothing: no entries, no links of either kind, no elements. */
function expectNothing(version: string, { given = [], asked }: Row): void {
  const calls = [...given.flatMap((step) => (typeof step === "function" ? [] : [step])), asked];
  for (const { pod, ifname } of calls) expect(call(version, { verb: "DEL", ...(pod && { pod }), ...(ifname && { ifname }) }).exit).toBe(0);
  const links = host.ip("host", "-br", "link").match(/^p[vi]\w{12}.*/gm);
  expect([readLedger(host.stateDir), links, elements()]).toEqual([[], null, ""]);
}

/** All rows in the newest version, and in the older ones those that have a result or depend on the version. */
describe.each(CNI_VERSIONS)("version %s", (version) => {
  beforeAll(() => {
    host = newHost(...PODS);
  });

  const isLatest = version === "1.1.0";
  const rows = [...ROWS, ...LATER.filter(({ since }) => since <= version)].filter(
    (row) => isLatest || row.gives !== undefined || "since" in row,
  );

  test.each(rows.map((row) => [row.what, row.code, row] as const))("%s: %i", (_what, code, row) => {
    prepare(version, row.given);
    const netns = row.asked.netns === "b" ? { netns: `/run/netns/${host.namespaceOf("b")}` } : {};
    const answer = call(version, { ...row.asked, ...netns });
    expect([answer.code ?? 0, answer.msg ?? ""]).toEqual([code, expect.stringContaining(row.says ?? "")]);
    if (row.gives !== undefined) expect(answer.ips?.map(({ address }) => address)).toEqual(row.gives);
    if (answer.ips !== undefined) expect(shapeOf(answer)).toBe(version);
    expect([readLedger(host.stateDir).length, host.podLinks().length]).toEqual([row.left, row.left]);
    row.undo?.();
    expectNothing(version, row);
    // The turn of addresses begins anew for the next row.
    rmSync(host.stateDir, { recursive: true, force: true });
  });
});

/** The version whose shape a result has, of those that differ. */
function shapeOf({ ips = [], interfaces = [], ...rest }: Answer & { readonly cniVersion?: string }): string {
  const hasFamilies = ips.every(({ version }) => version === "4" || version === "6");
  const hasMtus = interfaces.every(({ mtu }) => mtu !== undefined);
  const shapes = hasFamilies ? ["0.3.1", "0.4.0"] : [hasMtus ? "1.1.0" : "1.0.0"];
  return shapes.includes(rest.cniVersion ?? "") ? (rest.cniVersion ?? "") : `${shapes.join(" or ")} in ${rest.cniVersion}`;
}

describe("the executable", () => {
  test.each(CNI_VERSIONS)("speaks version %s by standard input, standard output and exit code", async (version) => {
    host = newHost(...PODS);
    const config = { cniVersion: version };
    const added = await host.call({ verb: "ADD", pod: "a", config });
    expect([added.code, added.stderr, added.json.cniVersion]).toEqual([0, "", version]);
    expect(await host.call({ verb: "DEL", pod: "a", config })).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await host.call({ verb: "ADD", pod: "a", args: "IP=x", config })).toMatchObject({
      code: 1,
      stderr: "",
      json: { code: 4, cniVersion: version },
    });
    expect((await host.call({ verb: "VERSION", pod: "a", config })).json).toEqual({ cniVersion: version, supportedVersions: CNI_VERSIONS });
  });
});
