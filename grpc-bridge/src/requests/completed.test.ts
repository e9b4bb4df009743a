import { describe, expect, test } from "@jest/globals";
import type { PodNetwork, PodNetworkStatus } from "@pharos/kinds";
import { dueCompletion } from "./completed.ts";

const asked = Date.parse("2026-01-02T03:04:05Z");
const request = (status?: PodNetworkStatus, annotations: Record<string, string> = {}): PodNetwork => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: "request-1", annotations },
  spec: { host: "vm1", bridge: "podBr0", request: { id: "1", podName: "perception-pod", requestedAt: "2026-01-02T03:04:05.000Z" } },
  ...(status === undefined ? {} : { status }),
});
const due = (object: PodNetwork, afterMs = 0) => dueCompletion(object, asked + afterMs, 60_000);

describe("dueCompletion", () => {
  test("tells address, bridge and host of an attached pod", () => {
    expect(due(request({ phase: "Attached", addresses: ["10.2.1.5/24"] }))).toEqual({
      status: "OK",
      details: "10.2.1.5/24 on podBr0 at vm1",
    });
  });

  test("tells the reason of a failure", () => {
    expect(due(request({ phase: "Failed", message: "no address left" }))).toEqual({ status: "ERROR", details: "no address left" });
  });

  test("is nothing before the time is over, and TIMEOUT with what was waited for afterwards", () => {
    const pending = request({ phase: "Pending", message: "no container of this name runs yet" });
    expect(due(pending, 59_999)).toBeUndefined();
    expect(due(pending, 60_000)).toEqual({
      status: "TIMEOUT",
      details: "no network for perception-pod within 60000 ms: no container of this name runs yet",
    });
  });

  test("counts the time from the request, so that a restart does not begin it anew", () => {
    expect(due(request(), 3_600_000)).toMatchObject({ status: "TIMEOUT" });
  });

  test("is nothing once Piccolo was told", () => {
    expect(due(request({ phase: "Attached" }, { "pharos.io/completed": "OK" }))).toBeUndefined();
  });
});
