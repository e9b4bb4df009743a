import { describe, expect, test } from "@jest/globals";
import { HostPresence } from "./presence.ts";

describe("HostPresence", () => {
  test("shows a host while at least one of its streams is open, also when a stream is left twice", () => {
    const presence = new HostPresence();
    const leaveFirst = presence.enter("vm1");
    const leaveSecond = presence.enter("vm1");
    leaveFirst();
    leaveFirst();
    expect([...presence.hosts()]).toEqual(["vm1"]);
    leaveSecond();
    expect([...presence.hosts()]).toEqual([]);
  });
});
