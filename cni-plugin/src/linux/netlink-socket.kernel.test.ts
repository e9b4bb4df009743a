import { afterAll, expect, test } from "@jest/globals";
import { decodeAddress, encodeAddressDump, encodeLinkGet } from "@pharos/kernel/netlink";
import { bindLibc } from "./libc.ts";
import { NetlinkSocket } from "./netlink-socket.ts";

const socket = new NetlinkSocket(bindLibc());
afterAll(() => socket.close());

const LOOPBACK = 1;
const lookUp = (name: string, tolerate: readonly string[] = []) => ({ what: `look up ${name}`, bytes: encodeLinkGet({ name }), tolerate });

test("a batch has an answer to each request, also behind one that was refused", () => {
  const replies = socket.exchange([lookUp("lo"), lookUp("none", ["ENODEV"]), lookUp("lo"), lookUp("none", ["ENODEV"])]);
  expect(replies.map((messages) => messages.length)).toEqual([1, 0, 1, 0]);
});

test("a refusal anywhere in a batch is told with its request, and the next batch has its own answers", () => {
  for (const refused of [0, 1, 2]) {
    const requests = [0, 1, 2].map((index) => lookUp(index === refused ? `none${index}` : "lo"));
    expect(() => socket.exchange(requests)).toThrow(`look up none${refused}: ENODEV`);
    expect(socket.exchange([lookUp("lo")])[0]).toHaveLength(1);
  }
});

test("a listing of addresses holds those of one link and family", () => {
  const list = (index: number, family: "ipv4" | "ipv6") =>
    socket.dump({ what: "list addresses", bytes: encodeAddressDump({ index, family }), tolerate: ["ENODEV"] }).map(decodeAddress);
  const found = list(LOOPBACK, "ipv4");
  expect(found.map((record) => record?.index)).toEqual(found.map(() => LOOPBACK));
  expect(found.map((record) => record?.address)).toContain("127.0.0.1/8");
  expect(list(0x7ffffff, "ipv4")).toEqual([]);
});
