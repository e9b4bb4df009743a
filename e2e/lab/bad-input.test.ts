import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Store } from "@pharos/store";
import { type CallbackServer, startCallbackServer } from "../piccolo/callback-server.ts";
import { Mailbox, networkForPod } from "../piccolo/scenarios.ts";
import { eventually, LAB_ROOT } from "../vehicle-lab.ts";
import { type ExampleLab, exampleLab } from "./example-lab.ts";
import { kernelsOf, pointOf, storeOf } from "./whole-state.ts";

interface BadInput {
  readonly what: string;
  /** Made of the text of the vehicle that runs. */
  readonly text: (good: string) => string;
  /** Path of an issue that must be there; none where the text cannot be read, then the description names the line. */
  readonly path: RegExp;
  readonly description: RegExp;
}

const BOMB = [
  "a: &a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefghi".split("").map((name, index) => {
    const below = "abcdefgh"[index];
    return `${name}: &${name} [${Array(9).fill(`*${below}`).join(",")}]`;
  }),
].join("\n");
const second = (name: string, socs: string) =>
  `apiVersion: v1\nkind: node\nmetadata:\n  name: ${name}\nspec:\n  name: other\n  socs:${socs}\n`;

const ringBridge = (name: string, port: string, subnet: string) => `
    - name: ${name}
      type: bridge
      bridgeFor: pod
      hosts: [vm1]
      ports:
        - interface: ${port}
      ipam:
        type: host-local
        ranges:
          - subnet: ${subnet}`;
const RING = `apiVersion: v1\nkind: bridge\nmetadata:\n  name: ring\nspec:\n  bridges:${ringBridge("ring1", "ring2", "10.7.1.0/24")}${ringBridge("ring2", "ring1", "10.7.2.0/24")}\n`;

const BAD: readonly BadInput[] = [
  { what: "malformed YAML", text: (good) => `${good}\n---\nkind: bridge\n  spec: [`, path: /^$/, description: /PHAROS-1002.*line 121/ },
  {
    what: "an unknown kind",
    text: (good) => `${good}\n---\napiVersion: v1\nkind: gadget\nmetadata:\n  name: g\nspec: {}\n`,
    path: /kind/,
    description: /gadget/,
  },
  {
    what: "an unknown field",
    text: (good) => good.replace("type: static", "typ: static"),
    path: /spec\.socs\[0\]\.interfaces\[0\]\.typ/,
    description: /typ/,
  },
  {
    what: "a wrong type",
    text: (good) => good.replace("address: 10.1.0.2/24", "address: [7]"),
    path: /spec\.socs\[0\]\.interfaces\[0\]\.address/,
    description: /./,
  },
  { what: "a document of 20 MB", text: (good) => `# ${"x".repeat(20_000_000)}\n${good}`, path: /^$/, description: /bytes.*line 1/ },
  {
    what: "an alias bomb",
    text: () => `apiVersion: v1\nkind: bridge\nmetadata:\n  name: bomb\n${BOMB}\nspec: *i\n`,
    path: /^$/,
    description: /aliases.*line \d+/,
  },
  {
    what: "a name that no interface can have",
    text: (good) => good.replace("- name: eth0", "- name: eth0/../x"),
    path: /spec\.socs\[0\]\.interfaces\[0\]\.name/,
    description: /eth0\/\.\.\/x/,
  },
  {
    what: "a bridge name of 16 characters",
    text: (good) => good.replaceAll("podBr0", "podBr0podBr0podB"),
    path: /spec\.bridges\[1\]\.name/,
    description: /podBr0podBr0podB/,
  },
  { what: "a vehicle without a SoC", text: () => second("vehicle-network-node", " []"), path: /spec\.socs/, description: /./ },
  {
    what: "two vehicles",
    text: (good) =>
      `${good}\n---\n${second("second-node", "\n    - name: soc9\n      interfaces:\n        - { name: eth0, type: static, address: 10.9.0.1/24 }")}`,
    path: /Node\//,
    description: /./,
  },
  {
    what: "overlapping subnets",
    text: (good) => good.replace("subnet: 10.2.1.0/24", "subnet: 10.2.0.0/16"),
    path: /spec\.bridges\[\d\]\.ipam\.ranges\[0\]\.subnet/,
    description: /overlap/,
  },
  {
    what: "bridges that are each other's ports",
    text: (good) => `${good}\n---\n${RING}`,
    path: /spec\.bridges\[\d\]\.ports\[0\]/,
    description: /ring\d/,
  },
  {
    what: "an address of two machines",
    text: (good) => good.replace("address: 10.2.0.11/24", "address: 10.2.0.10/24"),
    path: /spec\.socs\[0\]\.vms\[\d\]\.interfaces\[0\]\.address/,
    description: /10\.2\.0\.10/,
  },
  {
    what: "a rule between zones that nothing is called",
    text: (good) => good.replace("dstIntfName: cloud_vm1", "dstIntfName: cloud_vm7"),
    path: /spec\.routingInfo\[0\]\.dstIntfName/,
    description: /cloud_vm7/,
  },
];

describe("bad input", () => {
  let example: ExampleLab;
  let store: Store;
  let callbacks: CallbackServer;
  const mailbox = new Mailbox();
  beforeAll(async () => {
    const address = `unix:${LAB_ROOT}-bad-input.sock`;
    callbacks = await startCallbackServer({ address, onCompletion: (completion) => mailbox.take(completion) });
    example = await exampleLab("badinput", "", { callback: `spec=${address}` });
    store = storeOf(example.lab);
    await settled();
  });
  afterAll(async () => {
    await store?.close();
    await example?.lab.down();
    await callbacks?.stop();
  });

  /** The pods that were just attached are in the store, their links have their IPv6 addresses, and nobody writes any more. */
  async function settled(): Promise<void> {
    await eventually(async () => {
      const before = await whole();
      expect(before.kernels.join("")).not.toContain("tentative");
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await whole()).toEqual(before);
    }, 15_000);
  }

  const whole = async () => ({ ...(await pointOf(store)), kernels: await kernelsOf(example.lab) });

  test.each(BAD)("is refused with an issue that names its place, and changes nothing: $what", async ({ text, path, description }) => {
    const { lab, given } = example;
    const bad = text(given.text);
    expect(bad).not.toBe(given.text);
    const before = await whole();
    const validated = await lab.api.validateConfiguration(bad);
    expect(validated.valid).toBe(false);
    const configured = await lab.api.configureVehicleNetwork(bad);
    expect(configured.success).toBe(false);
    for (const issues of [validated.issues, configured.validationIssues]) {
      const errors = issues.filter(({ severity }) => severity === "ERROR");
      const found = errors.filter((issue) => path.test(issue.path) && description.test(issue.description));
      if (found.length === 0) throw new Error(`no issue at ${path} among ${JSON.stringify(errors, undefined, 1).slice(0, 2000)}`);
      for (const { recommendation } of found) expect(recommendation).not.toBe("");
    }
    const applied = await lab.api.applyConfiguration(bad);
    expect(applied).toMatchObject({ success: false, configVersion: "" });
    expect(applied.message).toMatch(/PHAROS-\d{4}/);
    expect(await whole()).toEqual(before);
  });

  test("of a pod's request is answered accepted=false, completed with ERROR, and changes nothing", async () => {
    const { lab } = example;
    const before = await whole();
    const request = { podName: "perception-pod", networkYaml: "", nodeYaml: "" };
    for (const bad of [
      { networkYaml: "kind: [" },
      { networkYaml: BOMB },
      { nodeYaml: "kind: Node\nspec: { hostname: nowhere }" },
      { podName: "" },
    ]) {
      const { response, completion } = await networkForPod(lab.api, mailbox, { ...request, ...bad }, 5000);
      expect(response).toMatchObject({ accepted: false, message: expect.stringMatching(/./) });
      expect(completion).toMatchObject({ status: "ERROR", requestId: response.requestId, details: response.message });
    }
    expect(await whole()).toEqual(before);
  });

  test("leaves the vehicle able to take good input", async () => {
    const { lab, given } = example;
    const { revision } = await pointOf(store);
    expect((await lab.api.validateConfiguration(given.text)).valid).toBe(true);
    expect((await lab.api.configureVehicleNetwork(given.text.replace("dstPort: 50000", "dstPort: 50001"))).success).toBe(true);
    expect((await pointOf(store)).revision).toBe(revision + 1);
  });
});
