import { afterAll, beforeAll } from "@jest/globals";
import type { PodNetworkData } from "@pharos/hoststate";
import { builtPlugin, TestHost } from "./plugin-harness.ts";

/**
 * For the top of a test file: what makes hosts for its tests, each with pods of these names and a number behind the prefix. The
 * executable is built before the first test, and all hosts are removed after the last one.
 */
export function testHosts(prefix: string, data: PodNetworkData): (...pods: readonly string[]) => TestHost {
  const made: TestHost[] = [];
  let plugin = "";
  beforeAll(() => {
    plugin = builtPlugin();
  }, 180_000);
  afterAll(() => {
    for (const host of made) host.remove();
  });
  return (...pods) => {
    const host = new TestHost(`${prefix}${process.pid}-${made.length}`, plugin, data);
    made.push(host);
    for (const pod of pods) host.addPod(pod);
    return host;
  };
}
