import { describe, expect, test } from "@jest/globals";
import { pluginConfigurationList } from "@pharos/attach";
import { CONFLIST_NAME, presentConfigurations } from "./present-configurations.ts";

const file = (name: string, content: unknown) => ({ name, content: typeof content === "string" ? content : JSON.stringify(content) });
const flannel = { cniVersion: "1.0.0", name: "cbr0", plugins: [{ type: "flannel" }, { type: "portmap" }] };
const ours = pluginConfigurationList({ dataFile: "/d", stateDir: "/s" });

describe("a folder of network configurations", () => {
  test("holds a foreign network where a file names another plugin", () => {
    expect(presentConfigurations([file("20-b.conf", { type: "bridge" }), file("10-flannel.conflist", flannel)])).toEqual({
      foreign: ["10-flannel.conflist", "20-b.conf"],
    });
  });

  test("holds none in loopback alone, in our file, and in our plugin under another name", () => {
    const files = [file("99-loopback.conf", { type: "loopback" }), file(CONFLIST_NAME, ours), file("10-mine.conflist", ours)];
    expect(presentConfigurations(files)).toEqual({ own: JSON.stringify(ours), foreign: [] });
  });

  test("holds none in the network that Podman's package installs for Podman alone", () => {
    const podman = { cniVersion: "0.4.0", name: "podman", plugins: [{ type: "bridge", bridge: "cni-podman0" }, { type: "portmap" }] };
    expect(presentConfigurations([file("87-podman-bridge.conflist", podman)])).toEqual({ foreign: [] });
    const other = { ...podman, plugins: [{ type: "bridge", bridge: "br0" }] };
    expect(presentConfigurations([file("87-podman-bridge.conflist", other)]).foreign).toEqual(["87-podman-bridge.conflist"]);
  });

  test("counts a file that cannot be read as foreign: a runtime may stumble over it, or its writer is half way", () => {
    expect(presentConfigurations([file("10-half.conflist", "{"), file("11-empty.conflist", { plugins: [] })]).foreign).toEqual([
      "10-half.conflist",
      "11-empty.conflist",
    ]);
  });
});
