import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type CallbackServer, type ReceivedCompletion, startCallbackServer } from "../piccolo/callback-server.ts";
import { Mailbox } from "../piccolo/scenarios.ts";
import { eventually, LAB_ROOT } from "../vehicle-lab.ts";
import { type ExampleLab, exampleLab } from "./example-lab.ts";

const COMPLETION_MS = 20_000;
/** The documents that Eclipse Pullpiri sends: the specs are placeholders. */
const NETWORK = "apiVersion: v1\nkind: Network\nmetadata:\n  name: helloworld\nspec:\n  dummy:\n";
const NODE = "apiVersion: v1\nkind: Node\nmetadata:\n  name: HPC\nspec:\n  role: master\n  ip_address: 10.2.0.10\n  hostname: vm1\n";
const scenario = (name: string) => ({ "io.pullpiri.annotations.scenario": name });

describe("Eclipse Pullpiri", () => {
  let example: ExampleLab;
  let callbacks: CallbackServer;
  const mailbox = new Mailbox();
  const received: ReceivedCompletion[] = [];
  beforeAll(async () => {
    const address = `unix:${LAB_ROOT}-pullpiri.sock`;
    callbacks = await startCallbackServer({
      address,
      onCompletion: (completion) => {
        received.push(completion);
        mailbox.take(completion);
      },
    });
    example = await exampleLab("pullpiri", "", { callback: `pullpiri=${address}` });
  });
  afterAll(async () => {
    await example?.lab.down();
    await callbacks?.stop();
  });

  const ask = (podName: string) => example.lab.api.requestNetworkPodAsPullpiri({ podName, networkYaml: NETWORK, nodeYaml: NODE });
  const addressesOf = async (pod: string) =>
    [...(await example.lab.exec(pod, ["ip", "-4", "-o", "address", "show", "scope", "global"])).matchAll(/inet (\S+)/g)].map(
      (match) => match[1],
    );

  test("gets an id and a completion of its own for each of two equal requests that name a scenario", async () => {
    const { lab } = example;
    await lab.startPod("helloworld-web", "vm1", {}, scenario("helloworld"));
    const answers = await Promise.all([ask("helloworld"), ask("helloworld")]);
    expect(answers).toMatchObject([{ accepted: true }, { accepted: true }]);
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(2);
    const completions = await Promise.all(answers.map(({ requestId }) => mailbox.wait(requestId, COMPLETION_MS)));
    const address = await addressesOf("helloworld-web");
    expect(address).toEqual([expect.stringMatching(/^10\.2\.1\.\d+\/24$/)]);
    for (const completion of completions) {
      expect(completion).toMatchObject({ dialect: "pullpiri", status: "OK", details: expect.stringContaining(address[0] ?? "") });
    }
    expect(received.filter(({ requestId }) => answers.some((answer) => answer.requestId === requestId))).toHaveLength(2);
  });

  test("attaches every container of a scenario, and they reach each other", async () => {
    const { lab } = example;
    for (const pod of ["driving-camera", "driving-planner"]) await lab.startPod(pod, "vm1", {}, scenario("driving"));
    const { requestId } = await ask("driving");
    expect(await mailbox.wait(requestId, COMPLETION_MS)).toMatchObject({ dialect: "pullpiri", status: "OK" });
    const [planner = ""] = await addressesOf("driving-planner");
    const camera = await lab.prober("driving-camera");
    expect(await camera.reaches({ protocol: "icmp", address: planner.replace(/\/.*/, "") })).toBe(true);
  });

  test("is told of a request that came before its container, after the container has started", async () => {
    const { lab } = example;
    const { requestId, accepted } = await ask("parking");
    expect(accepted).toBe(true);
    expect(await mailbox.wait(requestId, 1500)).toBeUndefined();
    expect((await lab.api.getNetworkStatus(`request:${requestId}`))[0]?.status).not.toBe("up");
    await lab.startPod("parking-sensor", "vm1", {}, scenario("parking"));
    expect(await mailbox.wait(requestId, COMPLETION_MS)).toMatchObject({ dialect: "pullpiri", status: "OK" });
    expect(await addressesOf("parking-sensor")).toHaveLength(1);
    await eventually(async () => {
      expect((await lab.api.getNetworkStatus(`request:${requestId}`))[0]?.status).toBe("up");
    }, 5000);
  });

  test("is answered accepted=false with a completion ERROR, not with a gRPC error, when its YAML is bad", async () => {
    const answer = await example.lab.api.requestNetworkPodAsPullpiri({ podName: "helloworld", networkYaml: "kind: [", nodeYaml: NODE });
    expect(answer.accepted).toBe(false);
    expect(await mailbox.wait(answer.requestId, COMPLETION_MS)).toMatchObject({
      dialect: "pullpiri",
      status: "ERROR",
      details: answer.message,
    });
  });
});
