import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CLIENT_PORT, decodeFrame, encodeAnnouncement, encodeFrame, SERVER_PORT, type UdpFrame } from "./frame.ts";

const frame: UdpFrame = {
  sourceMac: "02:00:00:00:00:01",
  destinationMac: "ff:ff:ff:ff:ff:ff",
  source: "0.0.0.0",
  destination: "255.255.255.255",
  sourcePort: CLIENT_PORT,
  destinationPort: SERVER_PORT,
  payload: Uint8Array.of(1, 2, 3),
};
const byte = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join("."));

describe("a frame", () => {
  test("has the headers of RFC 894, 791 and 768 with their checksums", () => {
    expect(Buffer.from(encodeFrame(frame)).toString("hex")).toBe(
      ["ffffffffffff", "020000000001", "0800", "4500001f0000400040113acf", "00000000ffffffff", "00440043000bfb4f", "010203"].join(""),
    );
  });

  test("comes back from its bytes as it was, padding cut", () => {
    fc.assert(
      fc.property(address, address, fc.uint8Array({ maxLength: 1400 }), fc.nat(50), (source, destination, payload, padding) => {
        const one = { ...frame, source, destination, payload };
        expect(decodeFrame(Uint8Array.from([...encodeFrame(one), ...new Uint8Array(padding)]))).toEqual(one);
      }),
    );
  });

  test("with one changed byte is another frame or none, and no bytes at all make it throw", () => {
    fc.assert(
      fc.property(fc.nat(), byte, (at, value) => {
        const bytes = encodeFrame(frame);
        const place = 14 + (at % (bytes.length - 14));
        fc.pre(bytes[place] !== value);
        bytes[place] = value;
        const read = decodeFrame(bytes);
        // Bytes that a checksum does not tell apart: that of UDP may say that there is none.
        if (read !== undefined) expect(place === 40 || place === 41 || place === 20 || place === 21).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeFrame(bytes)));
  });

  test("whose UDP checksum the kernel left to the hardware is taken", () => {
    const bytes = encodeFrame(frame);
    // Pseudo header alone: 255.255.255.255, protocol 17, length 11.
    bytes.set([0x00, 0x1c], 40);
    expect(decodeFrame(bytes)?.payload).toEqual(frame.payload);
    bytes.set([0x00, 0x1d], 40);
    expect(decodeFrame(bytes)).toBeUndefined();
  });

  test("of a fragment, another protocol or IPv6 is none", () => {
    const changed = (at: number, value: number) => {
      const bytes = encodeFrame(frame);
      bytes[at] = value;
      return decodeFrame(bytes);
    };
    expect([changed(20, 0x20), changed(23, 6), changed(14, 0x65), changed(13, 0xdd)]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test("an announcement asks everybody for the sender's own address", () => {
  expect(Buffer.from(encodeAnnouncement("02:00:00:00:00:01", { address: "10.4.0.5/24" })).toString("hex")).toBe(
    ["ffffffffffff", "020000000001", "0806", "0001080006040001", "020000000001", "0a040005", "000000000000", "0a040005"].join(""),
  );
});
