import { describe, expect, test } from "@jest/globals";
import { pauseAfter } from "../unavailable.ts";
import type { ApiCall } from "./api-call.ts";
import { failureOf } from "./api-error.ts";

const call: ApiCall = { verb: "update", group: "pharos.io", resource: "bridges", name: "one" };

const failure = (statusCode: number, status: object | string = {}, retryAfter?: string) =>
  failureOf(call, {
    statusCode,
    text: typeof status === "string" ? status : JSON.stringify(status),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });

describe("the store's error for an answer of the API server", () => {
  test.each([
    [401, {}, "PHAROS-3007"],
    [403, { reason: "Forbidden" }, "PHAROS-3007"],
    [404, { reason: "NotFound", details: { name: "one" }, message: 'bridges.pharos.io "one" not found' }, "PHAROS-3001"],
    [404, { reason: "NotFound", details: {}, message: "the server could not find the requested resource" }, "PHAROS-3021"],
    [404, "404 page not found\n", "PHAROS-3021"],
    [409, { reason: "AlreadyExists" }, "PHAROS-3003"],
    [409, { reason: "Conflict" }, "PHAROS-3002"],
    [410, { reason: "Expired" }, "PHAROS-3004"],
    [400, { reason: "BadRequest", message: "strict decoding error" }, "PHAROS-3005"],
    [422, { reason: "Invalid" }, "PHAROS-3005"],
    [429, {}, "PHAROS-3006"],
    [500, "etcdserver: leader changed", "PHAROS-3006"],
    [502, "<html>", "PHAROS-3006"],
  ])("%i %j is %s", (statusCode, status, code) => {
    expect(failure(statusCode, status).code).toBe(code);
  });

  test("tells the verb, the resource and the name", () => {
    expect(failure(403, { message: "User is forbidden" }).message).toBe("update bridges.pharos.io one: User is forbidden");
  });

  test("each cause of a refusal becomes a finding with the path of its field", () => {
    const causes = [
      { field: "spec.bridges[0].name", message: "too long" },
      { field: "<nil>", message: "of the whole" },
    ];
    expect(failure(422, { message: "two causes", details: { causes } })).toMatchObject({
      findings: [
        { path: "spec.bridges[0].name", description: "too long", severity: "ERROR" },
        { path: "", description: "of the whole" },
      ],
    });
  });

  test("the wish to come again later is kept, up to a minute", () => {
    expect(pauseAfter(failure(429, {}, "7"), 100)).toBe(7000);
    expect(pauseAfter(failure(503, { details: { retryAfterSeconds: 2 } }), 5000)).toBe(5000);
    expect(pauseAfter(failure(429, {}, "86400"), 100)).toBe(60_000);
    expect(pauseAfter(failure(429, {}, "soon"), 100)).toBe(100);
  });
});
