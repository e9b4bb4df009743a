import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LedgerContents, REMEMBERED } from "./contents.ts";
import { keyText, type LedgerEntry } from "./entry.ts";
import { bodyOfLine, decodeLines, encodeLines } from "./journal-lines.ts";
import { bodyOf, entryOfBody, headOfBody, type LedgerRecord } from "./record.ts";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}$/);
const key = fc.record({
  network: fc.constantFrom("pods", "other"),
  containerID: fc.constantFrom("a", "b", "c", "d"),
  ifname: fc.constantFrom("eth0", "net1"),
});
const addresses = fc.uniqueArray(
  fc.oneof(
    fc.ipV4().map((ip) => `${ip}/24`),
    fc.ipV6().map((ip) => `${ip}/64`),
  ),
  { maxLength: 2 },
);
const port = fc.record(
  {
    protocol: fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const),
    hostPort: fc.integer({ min: 1, max: 65535 }),
    containerPort: fc.integer({ min: 1, max: 65535 }),
    hostIP: fc.oneof(fc.ipV4(), fc.ipV6()),
  },
  { requiredKeys: ["protocol", "hostPort", "containerPort"] },
);
const entry: fc.Arbitrary<LedgerEntry> = fc.record(
  {
    key,
    bridge: fc.constantFrom("br0", "br1"),
    addresses,
    hostName: name,
    mac: fc.constant("02:00:00:00:00:01"),
    bootId: name,
    netns: fc.string(),
    pod: fc.record({ namespace: name, name }),
    ports: fc.array(port, { minLength: 1, maxLength: 3 }),
    primary: fc.constant("eth0"),
    bandwidth: fc.record({ ingress: fc.record({ rate: fc.nat() }) }),
    gateways: fc.array(fc.ipV4(), { maxLength: 2 }),
  },
  { requiredKeys: ["key", "bridge", "addresses", "hostName", "mac", "bootId"] },
);
const record: fc.Arbitrary<LedgerRecord> = fc.oneof(
  entry.map((value) => ({ kind: "put", entry: value }) as const),
  key.map((value) => ({ kind: "remove", key: value }) as const),
  fc.record({ kind: fc.constant("turn" as const), bridge: name, range: name, address: fc.ipV4() }),
  fc.record({ kind: fc.constant("sticky" as const), bridge: fc.constant("br0"), pod: fc.constantFrom("a/a", "a/b"), addresses }),
  fc.record({ kind: fc.constant("forget" as const), bridge: fc.constant("br0"), pod: fc.constantFrom("a/a", "a/b") }),
);
const records = fc.array(record, { minLength: 1, maxLength: 8 });
const bytesOf = (list: readonly LedgerRecord[]) => encodeLines(list.map(bodyOf), 0).bytes;

/** What `decodeLines` gives, with the records' texts. */
function decoded(bytes: Buffer, chain = 0) {
  const { text, ...rest } = decodeLines(bytes, chain);
  return { bodies: text === "" ? [] : text.split("\n").map(bodyOfLine), ...rest };
}
function contentsOf(bodies: readonly string[]): LedgerContents {
  const contents = new LedgerContents();
  contents.play(encodeLines(bodies, 0).text);
  return contents;
}
function stateOf(contents: LedgerContents) {
  return {
    entries: contents.entries(),
    last: ["br0", "br1"].map((bridge) => contents.lastOf(bridge)),
    sticky: ["br0", "br1"].map((bridge) => [...contents.stickyOf(bridge)]),
  };
}

describe("ledger records", () => {
  test("are lines that a person can read, and stay the same for ever", () => {
    const made: LedgerEntry = {
      key: { network: "pods", containerID: "4f2a", ifname: "eth0" },
      bridge: "podBr0",
      addresses: ["10.2.1.2/24", "fd00::2/64"],
      hostName: "pve2300f7bace2",
      mac: "02:cc:16:f1:58:1c",
      bootId: "boot-1",
      pod: { namespace: "default", name: "web" },
      ports: [{ protocol: "tcp", hostPort: 8080, containerPort: 80, hostIP: "192.0.2.1" }],
    };
    const list: LedgerRecord[] = [
      { kind: "header", version: 2 },
      { kind: "named" },
      { kind: "put", entry: made },
      { kind: "turn", bridge: "podBr0", range: "10.2.1.2", address: "10.2.1.2" },
      { kind: "sticky", bridge: "podBr0", pod: "default/web", addresses: made.addresses },
      { kind: "remove", key: made.key },
      { kind: "forget", bridge: "podBr0", pod: "default/web" },
    ];
    expect(bytesOf(list).toString()).toMatchInlineSnapshot(`
"c4087103 00000000 header 2
6e50a6da 236ae27a named
3f95cc55 a2e8c25b put pods/4f2a/eth0 podBr0 pve2300f7bace2 boot-1 10.2.1.2/24,fd00::2/64 tcp/8080/80/192.0.2.1 - {"mac":"02:cc:16:f1:58:1c","pod":{"namespace":"default","name":"web"}}
02cd0331 2c7bfe9e turn podBr0 10.2.1.2 10.2.1.2
9a5b31b6 0170d194 sticky podBr0 default/web 10.2.1.2/24,fd00::2/64
304ed606 42e5592e remove pods/4f2a/eth0
bd8e9295 d7cb3ef4 forget podBr0 default/web
"
`);
  });

  test("come back as they were written, and so do their heads", () => {
    fc.assert(
      fc.property(records, (list) => {
        const bytes = bytesOf(list);
        expect(decoded(bytes)).toMatchObject({ bodies: list.map(bodyOf), validBytes: bytes.length, damaged: 0 });
        for (const one of list) {
          if (one.kind !== "put") continue;
          expect(entryOfBody(bodyOf(one))).toEqual(one.entry);
          const { key: itsKey, bridge, hostName, bootId, addresses: its, ports, primary } = headOfBody(bodyOf(one));
          expect({ key: itsKey, bridge, hostName, bootId, addresses: its, ports, primary }).toEqual({
            key: one.entry.key,
            bridge: one.entry.bridge,
            hostName: one.entry.hostName,
            bootId: one.entry.bootId,
            addresses: one.entry.addresses,
            ports: one.entry.ports ?? [],
            primary: one.entry.primary,
          });
        }
      }),
    );
  });

  test("refuse a word that would be read as two", () => {
    expect(() => bodyOf({ kind: "forget", bridge: "br 0", pod: "a/a" })).toThrow(/not a word/);
    expect(() => bodyOf({ kind: "turn", bridge: "br0", range: "", address: "10.0.0.1" })).toThrow(/not a word/);
  });

  test("are read alike in one go and in two, wherever the file was cut between lines", () => {
    fc.assert(
      fc.property(records, fc.nat(), (list, place) => {
        const cut = place % list.length;
        const bodies = list.map(bodyOf);
        const first = encodeLines(bodies.slice(0, cut), 0);
        const second = encodeLines(bodies.slice(cut), first.chain);
        expect(Buffer.concat([first.bytes, second.bytes])).toEqual(bytesOf(list));
        expect(decoded(second.bytes, first.chain)).toMatchObject({ bodies: bodies.slice(cut), chain: second.chain, damaged: 0 });
      }),
    );
  });

  test("a tail torn at any byte costs only the records that it cuts", () => {
    const list: LedgerRecord[] = [
      { kind: "header", version: 2 },
      { kind: "remove", key: { network: "pods", containerID: "ä", ifname: "eth0" } },
      { kind: "turn", bridge: "br0", range: "10.0.0.1", address: "10.0.0.1" },
    ];
    const ends = list.map((_, index) => bytesOf(list.slice(0, index + 1)).length);
    const bytes = bytesOf(list);
    for (let length = 0; length <= bytes.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      expect(decoded(bytes.subarray(0, length))).toMatchObject({
        bodies: list.slice(0, whole).map(bodyOf),
        validBytes: ends[whole - 1] ?? 0,
        damaged: 0,
      });
    }
  });

  test("a tail of zeros, as a file system leaves it after a power cut, is cut", () => {
    const bytes = bytesOf([{ kind: "header", version: 2 }]);
    expect(decoded(Buffer.concat([bytes, Buffer.alloc(100)])).validBytes).toBe(bytes.length);
  });

  test("a flipped bit costs the records of its line or of the two that it joins, and is counted unless it is at the end", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 0, max: 7 }), (list, place, bit) => {
        const bytes = bytesOf(list);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const found = decoded(bytes);
        const texts = new Set(list.map(bodyOf));
        expect(found.bodies.every((one) => texts.has(one))).toBe(true);
        expect(list.length - found.bodies.length).toBeGreaterThanOrEqual(1);
        expect(list.length - found.bodies.length).toBeLessThanOrEqual(2);
        expect(found.damaged > 0 || found.validBytes < bytes.length).toBe(true);
      }),
    );
  });

  test("a damaged file stays a damaged one when records are written behind the damage", () => {
    const bytes = bytesOf([{ kind: "header", version: 2 }, { kind: "named" }, { kind: "forget", bridge: "br0", pod: "a/a" }]);
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    const damaged = decoded(bytes);
    const more = encodeLines(["forget br0 a/b"], damaged.chain).bytes;
    expect(decoded(Buffer.concat([bytes, more]))).toMatchObject({ bodies: [...damaged.bodies, "forget br0 a/b"], damaged: 1 });
  });
});

describe("ledger contents", () => {
  test("condensed records add up to the same contents", () => {
    fc.assert(
      fc.property(records, (list) => {
        const before = contentsOf(list.map(bodyOf));
        const after = contentsOf(before.condensed());
        expect(stateOf(after)).toEqual(stateOf(before));
        expect(after.count).toBe(before.needed);
      }),
    );
  });

  test("agree with a plain map: the last put of a key counts until its removal", () => {
    fc.assert(
      fc.property(records, (list) => {
        const model = new Map<string, LedgerEntry>();
        for (const one of list) {
          if (one.kind === "put") {
            model.delete(keyText(one.entry.key));
            model.set(keyText(one.entry.key), one.entry);
          }
          if (one.kind === "remove") model.delete(keyText(one.key));
        }
        const contents = contentsOf(list.map(bodyOf));
        expect(contents.entries()).toEqual([...model.values()]);
        for (const one of model.values()) expect(contents.find(one.key)).toEqual(one);
      }),
    );
  });

  test("a family is the entry of a key and those of the container that go with it", () => {
    const made = (containerID: string, ifname: string, primary?: string): LedgerEntry => ({
      key: { network: "pods", containerID, ifname },
      bridge: "br0",
      addresses: [],
      hostName: "h",
      mac: "m",
      bootId: "b",
      ...(primary === undefined ? {} : { primary }),
    });
    const list = [made("a", "net1", "eth0"), made("a", "eth0"), made("a", "eth1"), made("ab", "net1", "eth0"), made("b", "net1", "eth0")];
    const contents = contentsOf(list.map((one) => bodyOf({ kind: "put", entry: one })));
    const familyOf = (containerID: string) =>
      contents.family({ network: "pods", containerID, ifname: "eth0" }).map(({ key: its }) => `${its.containerID}/${its.ifname}`);
    expect([familyOf("a"), familyOf("b"), familyOf("c")]).toEqual([["a/eth0", "a/net1"], ["b/net1"], []]);
  });

  test(`remember the addresses of ${REMEMBERED} pods, the newest`, () => {
    const pods = Array.from({ length: REMEMBERED + 2 }, (_, index) => `default/pod-${index}`);
    const contents = contentsOf(pods.map((pod) => bodyOf({ kind: "sticky", bridge: "br0", pod, addresses: ["10.0.0.1/24"] })));
    expect([...contents.stickyOf("br0").keys()]).toEqual(pods.slice(2));
  });
});
