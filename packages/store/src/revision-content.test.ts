import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { ConfigRevision } from "@pharos/kinds";
import { decodeRevision, encodeRevision } from "./revision-content.ts";

const TEXT = '{"allocations":[],"documents":{},"leases":[]}';

function revision(spec: Partial<ConfigRevision["spec"]> = {}): ConfigRevision {
  const packed = encodeRevision(TEXT);
  return {
    apiVersion: "pharos.io/v1",
    kind: "ConfigRevision",
    metadata: { name: "r7" },
    spec: { epoch: "e", number: 7, hash: packed.hash, content: packed.content, ...spec },
  };
}

describe("a revision's content", () => {
  test("comes back as it was frozen", () => {
    expect(decodeRevision(revision())).toEqual({ epoch: "e", number: 7, hash: encodeRevision(TEXT).hash, content: JSON.parse(TEXT) });
  });

  test("is packed to the same bytes each time", () => {
    expect(encodeRevision(TEXT)).toEqual(encodeRevision(TEXT));
  });

  test("that does not match its hash is refused", () => {
    expect(() => decodeRevision(revision({ content: encodeRevision('{"other":1}').content }))).toThrow(
      expect.objectContaining({ code: "PHAROS-3012" }),
    );
  });

  test.each(["", "no base64 at all", encodeRevision("not json").content])("that cannot be unpacked (%j) is refused", (content) => {
    expect(() => decodeRevision(revision({ content }))).toThrow(expect.objectContaining({ code: "PHAROS-3012" }));
  });

  test("over 1 MiB is refused, however long the documents are that pack well", () => {
    expect(() => encodeRevision(randomBytes(1_000_000).toString("hex"))).toThrow(expect.objectContaining({ code: "PHAROS-3011" }));
    expect(encodeRevision("a".repeat(4_000_000)).content.length).toBeLessThan(10_000);
  });
});
