import { describe, expect, test } from "@jest/globals";
import { matchContainers } from "./match-request.ts";
import type { RunningContainer } from "./runtime.ts";

function container(id: string, more: Partial<RunningContainer> = {}): RunningContainer {
  return { id, pod: { namespace: "default", name: id }, name: id, labels: {}, annotations: {}, netns: `/run/netns/${id}`, ...more };
}

const ids = (containers: readonly RunningContainer[]) => containers.map(({ id }) => id);

describe("matchContainers", () => {
  test("takes a bare name as a pod of namespace default", () => {
    const other = container("other", { pod: { namespace: "lab", name: "perception-pod" } });
    const wanted = container("wanted", { pod: { namespace: "default", name: "perception-pod" } });
    expect(ids(matchContainers("perception-pod", [other, wanted]))).toEqual(["wanted"]);
    expect(ids(matchContainers("lab/perception-pod", [other, wanted]))).toEqual(["other"]);
  });

  test("takes every container that Piccolo marked with the scenario", () => {
    const labels = { "io.pullpiri.annotations.scenario": "helloworld" };
    expect(
      ids(matchContainers("helloworld", [container("a", { labels }), container("b"), container("c", { annotations: labels })])),
    ).toEqual(["a", "c"]);
  });

  test("falls back to the container's own name, and finds nothing rather than guess", () => {
    const containers = [container("x", { name: "helloworld_web" })];
    expect(ids(matchContainers("helloworld_web", containers))).toEqual(["x"]);
    expect(matchContainers("helloworld", containers)).toEqual([]);
  });
});
