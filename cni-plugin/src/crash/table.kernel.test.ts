import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import { type Expected, learnExpected } from "./expectation.ts";
import { differencesOf } from "./host-lines.ts";
import { PharosHost } from "./pharos-host.ts";

let pharos: PharosHost;
let expected: Expected;

beforeAll(async () => {
  pharos = new PharosHost(`pcr${process.pid}t`, builtPlugin());
  await pharos.host.start();
  expected = await learnExpected(pharos);
}, 180_000);

afterAll(() => pharos.host.remove());

describe("the first ADD of a host, when nft is killed while it makes the pods' table", () => {
  // nft sends the table by the only sendmsg(2) of a run, and reads the kernel's answers by recvmsg(2) before and behind it.
  test.each(["sendmsg:signal=KILL:when=1", "recvmsg:signal=KILL:when=1", "recvmsg:signal=KILL:when=5"])(
    "is error 11 and leaves nothing; the next ADD makes it (%s)",
    async (injection) => {
      pharos.renew();
      const through = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${injection.split(":")[0]}`, "-e", `inject=${injection}`];
      const failed = await pharos.call("ADD", { through });
      expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([1, { code: 11, details: expect.stringContaining("SIGKILL") }]);
      expect(differencesOf(expected.detached, await pharos.lines()).added).toEqual([]);
      await pharos.must("ADD");
      expect(await pharos.lines()).toEqual(expected.attached);
      await pharos.must("DEL");
      expect(await pharos.lines()).toEqual(expected.detached);
    },
  );
});
