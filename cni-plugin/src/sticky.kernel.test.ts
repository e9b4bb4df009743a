import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { builtPlugin, type PluginRun, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const DATA = networkOf(bridgeOf("podBr0", [{ ...rangeOf("10.9.0.0/24", "7"), exclude: ["10.9.0.4-10.9.0.5"] }]));

let host: TestHost;

beforeAll(() => {
  host = new TestHost(`ple${process.pid}s`, builtPlugin(), DATA);
  for (const pod of ["a", "b", "c", "d", "e"]) host.addPod(pod);
}, 180_000);

afterAll(() => host.remove());

/** A container of the pod `default/<name>`. */
function add(pod: string, name: string, annotations: Readonly<Record<string, string>> = {}): Promise<PluginRun> {
  return host.call({
    verb: "ADD",
    pod,
    args: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name}`,
    config: { runtimeConfig: { "io.kubernetes.cri.pod-annotations": annotations } },
  });
}
const STICKY = { "pharos.io/sticky-ip": "true" };
const addressOf = ({ json }: PluginRun) => (json.ips as { address: string }[] | undefined)?.[0]?.address;

test("a pod that asks for it has its address again after a restart, and others get it when nothing else is left", async () => {
  expect(addressOf(await add("a", "web", STICKY))).toBe("10.9.0.2/24");
  expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
  expect([addressOf(await add("b", "one")), addressOf(await add("c", "two")), addressOf(await add("d", "three"))]).toEqual([
    "10.9.0.3/24",
    "10.9.0.6/24",
    "10.9.0.7/24",
  ]);
  expect(addressOf(await add("e", "web", STICKY))).toBe("10.9.0.2/24");
  expect((await host.call({ verb: "DEL", pod: "e" })).code).toBe(0);
  expect(addressOf(await add("a", "four"))).toBe("10.9.0.2/24");
  expect(await add("e", "web", STICKY)).toMatchObject({ code: 1, json: { code: 11 } });
  expect(await add("e", "web", { "pharos.io/sticky-ip": "perhaps" })).toMatchObject({ code: 1, json: { code: 7 } });
});
