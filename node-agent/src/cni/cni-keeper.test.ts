import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { type CniFolders, cniFolders } from "./cni-folders.ts";
import { CniKeeper } from "./cni-keeper.ts";

const OURS = "05-pharos.conflist";
const FLANNEL = JSON.stringify({ name: "cbr0", plugins: [{ type: "flannel" }] });

let root: string;
let stop: AbortController;
let running: Promise<unknown>;
let isReady: boolean;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pharos-cni-keeper-"));
  stop = new AbortController();
  running = Promise.resolve();
  isReady = true;
  writeFileSync(join(root, "plugin"), "first");
});
afterEach(async () => {
  stop.abort();
  await running;
  rmSync(root, { recursive: true });
});

const conf = (name = "") => join(root, "net.d", name);
const bin = (name = "") => join(root, "bin", name);

function start(more: { conflist?: boolean } = {}): CniKeeper {
  const keeper = new CniKeeper({
    folders: { confDirs: [conf()], binDirs: [bin()] },
    plugin: join(root, "plugin"),
    places: { dataFile: "/data", stateDir: "/ledger" },
    conflist: true,
    isReady: () => isReady,
    onChange: () => {},
    clock: systemClock,
    log: silentLog,
    ...more,
  });
  running = keeper.run(stop.signal);
  return keeper;
}

async function until(holds: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + 5000;
  while (!holds()) {
    if (systemClock.monotonic() > end) throw new Error("it did not come");
    await systemClock.sleep(5);
  }
}

const codes = (keeper: CniKeeper) => keeper.standing.findings.map(({ code }) => code);

describe("CniKeeper", () => {
  test("installs the plugin before the host has a network, and the configuration after that", async () => {
    isReady = false;
    const keeper = start();
    await until(() => existsSync(bin("pharos-cni")));
    expect(statSync(bin("pharos-cni")).mode & 0o777).toBe(0o755);
    await systemClock.sleep(50);
    expect(keeper.standing.state).toBe("waits");
    expect(readdirSync(conf())).toEqual([]);
    isReady = true;
    keeper.call();
    await until(() => keeper.standing.state === "installed");
    expect(JSON.parse(readFileSync(conf(OURS), "utf8"))).toMatchObject({ plugins: [{ type: "pharos-cni", dataFile: "/data" }] });
    expect(readdirSync(conf())).toEqual([OURS]);
  });

  test("replaces an older plugin by rename, and leaves one of equal content alone", async () => {
    mkdirSync(bin());
    writeFileSync(bin("pharos-cni"), "older", { mode: 0o755 });
    const before = statSync(bin("pharos-cni")).ino;
    const keeper = start();
    await until(() => keeper.standing.state === "installed");
    expect(readFileSync(bin("pharos-cni"), "utf8")).toBe("first");
    const installed = statSync(bin("pharos-cni"));
    expect(installed.ino).not.toBe(before);
    writeFileSync(join(root, "plugin"), "first");
    keeper.call();
    await systemClock.sleep(100);
    expect(statSync(bin("pharos-cni")).ino).toBe(installed.ino);
    expect(readdirSync(bin()).sort()).toEqual(["loopback", "pharos-cni"]);
  });

  test("answers as loopback where the folder has none, also after somebody removed it, and never in another's place", async () => {
    const keeper = start();
    await until(() => existsSync(bin("loopback")));
    expect(readlinkSync(bin("loopback"))).toBe("pharos-cni");
    rmSync(bin("loopback"));
    keeper.call();
    await until(() => existsSync(bin("loopback")));
    rmSync(bin("loopback"));
    writeFileSync(bin("loopback"), "another's");
    keeper.call();
    await systemClock.sleep(100);
    expect(readFileSync(bin("loopback"), "utf8")).toBe("another's");
    expect(readFileSync(bin("pharos-cni"), "utf8")).toBe("first");
  });

  test("does not take the place of another network, and becomes the network when that is gone", async () => {
    mkdirSync(conf());
    writeFileSync(conf("10-flannel.conflist"), FLANNEL);
    const keeper = start();
    await until(() => keeper.standing.state === "foreign");
    expect(codes(keeper)).toEqual(["PHAROS-4040"]);
    expect(keeper.standing.findings[0]?.description).toContain("10-flannel.conflist");
    expect(readdirSync(conf())).toEqual(["10-flannel.conflist"]);
    rmSync(conf("10-flannel.conflist"));
    await until(() => keeper.standing.state === "installed");
    expect(codes(keeper)).toEqual([]);
  });

  test("stays the network when another one comes, and tells that it is hidden by it", async () => {
    const keeper = start();
    await until(() => keeper.standing.state === "installed");
    writeFileSync(conf("10-flannel.conflist"), FLANNEL);
    writeFileSync(conf("00-first.conflist"), FLANNEL);
    await until(() => codes(keeper).length > 0);
    expect(codes(keeper)).toEqual(["PHAROS-4041"]);
    expect(keeper.standing.state).toBe("installed");
    expect(existsSync(conf(OURS))).toBe(true);
  });

  test("puts a configuration back that somebody changed or removed, and leaves it when it ends", async () => {
    const keeper = start();
    await until(() => keeper.standing.state === "installed");
    const content = readFileSync(conf(OURS), "utf8");
    writeFileSync(conf(OURS), "{}");
    await until(() => readFileSync(conf(OURS), "utf8") === content);
    rmSync(conf(OURS));
    await until(() => existsSync(conf(OURS)));
    stop.abort();
    await running;
    expect(readFileSync(conf(OURS), "utf8")).toBe(content);
  });

  test("beside another network installs the plugin where a folder is given, and no configuration", async () => {
    const keeper = start({ conflist: false });
    await until(() => keeper.standing.state === "beside");
    expect(existsSync(bin("pharos-cni"))).toBe(true);
    expect(existsSync(conf())).toBe(false);
  });

  test("tells which folder it cannot write, and goes on when it can", async () => {
    writeFileSync(bin(), "a file in the folder's place");
    const keeper = start();
    await until(() => keeper.standing.state === "failed");
    expect(codes(keeper)).toEqual(["PHAROS-4042"]);
    expect(keeper.standing.findings[0]?.description).toContain(bin("pharos-cni"));
    rmSync(bin());
    keeper.call();
    await until(() => keeper.standing.state === "installed");
  });
});

describe("folders of the container runtime", () => {
  const none: CniFolders = { confDirs: [], binDirs: [] };
  const below = async (given = none, conflist = true) => {
    const { confDirs, binDirs } = await cniFolders(given, { root, conflist });
    return [...confDirs, ...binDirs].map((folder) => folder.replace(root, ""));
  };

  test("are the usual ones without k3s", async () => {
    expect(await below()).toEqual(["/etc/cni/net.d", "/opt/cni/bin"]);
  });

  test("are those of k3s where it is installed, of older and newer versions", async () => {
    mkdirSync(join(root, "var/lib/rancher/k3s/agent"), { recursive: true });
    expect(await below()).toEqual(["/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/current/bin"]);
    mkdirSync(join(root, "var/lib/rancher/k3s/data/cni"), { recursive: true });
    expect(await below()).toEqual(["/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni"]);
  });

  test("that were given count as they are", async () => {
    expect(await below({ confDirs: ["/a", "/b"], binDirs: [] })).toEqual(["/a", "/b", "/opt/cni/bin"]);
  });

  test("are beside another network only those that were given for the plugin", async () => {
    expect(await below(none, false)).toEqual([]);
    expect(await below({ confDirs: ["/a"], binDirs: ["/b"] }, false)).toEqual(["/b"]);
  });
});
