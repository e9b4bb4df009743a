import { describe, expect, test } from "@jest/globals";
import { pluginConfiguration, pluginConfigurationList } from "./plugin-configuration.ts";
import { readRequest } from "./request.ts";

const PLACES = { dataFile: "/var/lib/pharos/cni.json", stateDir: "/var/lib/pharos/ledger" };

describe("the plugin's configuration", () => {
  test("is a list of one plugin with the capabilities that the plugin reads", () => {
    expect(`${JSON.stringify(pluginConfigurationList(PLACES), undefined, 2)}`).toBe(`{
  "cniVersion": "1.0.0",
  "name": "pharos",
  "plugins": [
    {
      "type": "pharos-cni",
      "dataFile": "/var/lib/pharos/cni.json",
      "stateDir": "/var/lib/pharos/ledger",
      "capabilities": {
        "portMappings": true,
        "bandwidth": true,
        "ipRanges": true,
        "ips": true,
        "mac": true,
        "dns": true,
        "io.kubernetes.cri.pod-annotations": true
      }
    }
  ]
}`);
  });

  test("names the same network, places and capabilities when the plugin is executed as when a runtime reads the list", () => {
    const { name, plugins } = pluginConfigurationList(PLACES);
    expect(pluginConfiguration(PLACES, {})).toMatchObject({ name, ...plugins[0] });
  });

  test("carries annotations where the plugin looks for them", () => {
    const config = pluginConfiguration(PLACES, { "pharos.io/bridge": "podBr0" });
    expect(readRequest(config, { containerID: "c1", ifname: "eth0", args: undefined }).bridges).toEqual(["podBr0"]);
  });
});
