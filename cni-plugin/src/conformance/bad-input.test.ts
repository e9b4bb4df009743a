import { existsSync } from "node:fs";
import { afterAll, describe, expect, test } from "@jest/globals";
import { CNI_VERSIONS } from "@pharos/attach";
import { runPlugin } from "../plugin.ts";
import { BAD_INPUTS, type BadInput, type Verb } from "./bad-input.ts";

/** Nothing may be made here. */
const FOLDER = "/run/pharos-conformance-of-nobody";
const RANGE = {
  subnet: "10.9.0.0/24",
  block: "10.9.0.0/24",
  rangeStart: "10.9.0.2",
  rangeEnd: "10.9.0.9",
  gateway: "10.9.0.1",
  exclude: [],
};
const GOOD = {
  name: "pods",
  type: "pharos-cni",
  stateDir: FOLDER,
  pharos: { version: 1, defaultBridge: "front", bridges: [{ name: "front", isGateway: true, ipMasq: false, ranges: [RANGE], routes: [] }] },
  "cni.dev/valid-attachments": [],
};
const ENV = { CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0", CNI_NETNS: "/nowhere/netns" };
const SINCE: Readonly<Record<Verb, string>> = { ADD: "0.3.1", DEL: "0.3.1", CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" };

interface Case extends BadInput {
  readonly verb: Verb;
  readonly version: string;
}

/** Each row in each version; one whose version the row itself changes only once. */
const CASES: readonly Case[] = BAD_INPUTS.flatMap((row) =>
  row.verbs.flatMap((verb) => {
    const isVersionOwn = typeof row.config === "string" || (row.config !== undefined && "cniVersion" in row.config);
    const versions = CNI_VERSIONS.filter((version) => version >= SINCE[verb]);
    return (isVersionOwn ? versions.slice(-1) : versions).map((version) => ({ ...row, verb, version }));
  }),
);

function answer({ verb, version, config = {}, env = {} }: Case) {
  const stdin = typeof config === "string" ? config : JSON.stringify({ ...GOOD, cniVersion: version, ...config });
  const { stdout, code } = runPlugin({ env: { ...ENV, CNI_COMMAND: verb, ...env }, stdin });
  return { exit: code, ...JSON.parse(stdout === "" ? "{}" : stdout) };
}

afterAll(() => {
  expect(existsSync(FOLDER)).toBe(false);
});

describe("a call that is wrong by itself", () => {
  test("is tried in several hundred ways", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(300);
  });

  test.each(CASES.map((one) => [one.verb, one.version, one.what, one.code, one] as const))(
    "%s %s, %s: error %i",
    (_verb, version, _what, code, one) => {
      const { exit, cniVersion, ...error } = answer(one);
      expect({ exit, ...error }).toEqual({
        exit: 1,
        code,
        msg: expect.stringContaining(one.says),
        details: expect.stringMatching(/PHAROS-\d{4}.*\(.+\)/s),
      });
      if (typeof one.config !== "string" && !("cniVersion" in (one.config ?? {}))) expect(cniVersion).toBe(version);
    },
  );

  test.each(
    (["CHECK", "GC", "STATUS"] as const).flatMap((verb) =>
      CNI_VERSIONS.filter((version) => version < SINCE[verb]).map((version) => [verb, version] as const),
    ),
  )("%s in version %s, which does not have it: error 1", (verb, version) => {
    expect(answer({ what: "", verbs: [], code: 1, says: "", verb, version })).toMatchObject({ exit: 1, cniVersion: version, code: 1 });
  });
});
