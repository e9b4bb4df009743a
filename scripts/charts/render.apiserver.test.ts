// Needs helm from the asset cache, but no API server.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { CHART, helm, offlineVersion, PROFILES, SOME_API_SERVER } from "./helm.ts";

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: PodSpec & { readonly template?: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers?: readonly { readonly command: readonly string[]; readonly args: readonly string[] }[];
}

const template = (args: readonly string[]) =>
  helm(["template", "pharos", CHART, "--namespace", "pharos-system", ...offlineVersion(), ...args], process.env);

function rendered(args: readonly string[]): readonly { readonly title: string; readonly text: string; readonly object: Rendered }[] {
  const { ok, stdout, stderr } = template(args);
  if (!ok) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => {
    const object = document.toJS() as Rendered;
    const title = [object.kind, object.metadata.namespace, object.metadata.name].filter((part) => part !== undefined).join(" ");
    return { title, text: document.toString(), object };
  });
}

function compareWithGolden(name: string, actual: string): void {
  const path = join(import.meta.dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, actual);
  expect(actual).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
}

const WITHOUT_CRDS = ["--set", "crds.install=false"];

describe("the chart", () => {
  test.each(Object.entries(PROFILES))("passes helm lint --strict with %s", (_, args) => {
    const { ok, stdout, stderr } = helm(["lint", "--strict", ...offlineVersion(), ...args, CHART], process.env);
    expect(`${ok ? "" : `${stdout}${stderr}`}`).toBe("");
  });

  test("renders by default what the golden says", () => {
    compareWithGolden(
      "default.yaml",
      rendered([...SOME_API_SERVER, ...WITHOUT_CRDS])
        .map(({ text }) => text)
        .join(""),
    );
  });

  test.each(Object.keys(PROFILES).filter((name) => name !== "default"))(
    "renders with %s what the golden says differs from the default",
    (name) => {
      const usual = new Map(rendered([...SOME_API_SERVER, ...WITHOUT_CRDS]).map(({ title, text }) => [title, text]));
      const objects = rendered([...(PROFILES[name] ?? []), ...WITHOUT_CRDS]);
      const titles = new Set(objects.map(({ title }) => title));
      const changed = objects.filter(({ title, text }) => usual.get(title) !== text).map(({ text }) => text);
      const gone = [...usual.keys()].filter((title) => !titles.has(title)).map((title) => `# not here: ${title}\n`);
      compareWithGolden(`${name}.yaml`, [...gone, ...changed].join(""));
    },
  );

  test("has each CRD as it is in crds/, kept when the release goes", () => {
    const crds = rendered(SOME_API_SERVER).filter(({ object }) => object.kind === "CustomResourceDefinition");
    expect(crds).toHaveLength(9);
    for (const { object } of crds) {
      const file = readFileSync(join(CHART, `../../crds/${/^[^.]+/.exec(object.metadata.name)?.[0]?.replace(/s$/, "")}.yaml`), "utf8");
      const source = parseAllDocuments(file)[0]?.toJS() as { readonly spec: unknown; readonly metadata: { readonly annotations?: object } };
      expect(object).toMatchObject({
        spec: source.spec,
        metadata: { annotations: { ...source.metadata.annotations, "helm.sh/resource-policy": "keep" } },
      });
      expect(object.spec).toEqual(source.spec);
    }
  });

  test("does not name the same object twice", () => {
    const titles = rendered(PROFILES["all-options"] ?? []).map(({ title }) => title);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });

  test("lets nothing of ours pass for a workload of a ServiceDeployment, which the operator removes", () => {
    expect(template(SOME_API_SERVER).stdout).not.toMatch(/managed-by: "?pharos/);
  });
});

test.each(Object.entries(PROFILES))("command lines of %s have only flags that the programs know", (_, args) => {
  const specs = rendered([...args, ...WITHOUT_CRDS]).flatMap(({ object }) => {
    const pod = object.spec?.template?.spec ?? object.spec;
    return pod?.containers ?? [];
  });
  expect(specs).toHaveLength(4);
  for (const { command, args: given } of specs) {
    const [program = "", subcommand = ""] = command;
    const main = join(import.meta.dirname, `../../${program}/src/main.ts`);
    const { stdout } = spawnSync(process.execPath, [main, subcommand, "--help"], { encoding: "utf8" });
    const known = new Set(stdout.match(/--[a-z-]+/g));
    const flags = [...command, ...given].flatMap((word) => /^--[a-z-]+/.exec(word) ?? []);
    expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
    expect(flags.length).toBeGreaterThan(2);
  }
});

describe("values that are refused", () => {
  const refused = (...sets: readonly string[]) => {
    const { ok, stderr } = template([...SOME_API_SERVER, ...sets.flatMap((set) => ["--set-json", set])]);
    return ok ? "accepted" : stderr;
  };

  test.each([
    ["a misspelt section", "operater.replicas=1", /[Aa]dditional propert.*operater/],
    ["a misspelt field", "operator.replica=1", /[Aa]dditional propert.*replica/],
    ["a misspelt field deep inside", 'bridge.socket.folders="/run"', /folders/],
    ["a number as text", 'operator.replicas="2"', /replicas/],
    ["no operator at all", "operator.replicas=0", /replicas/],
    ["a port beyond 65535", "agent.healthPort=70000", /healthPort/],
    ["plain http", 'apiServer.url="http://192.0.2.1:6443"', /url/],
    ["an API server without a port", 'apiServer.url="https://192.0.2.1"', /url/],
    ["text for a switch", 'crds.install="yes"', /install/],
    ["an unknown log level", 'log.level="verbose"', /level/],
    ["a relative folder", 'cni.binDirs=["cni/bin"]', /binDirs/],
    ["no folder for the plugin", "cni.binDirs=[]", /binDirs/],
    ["a capability with its prefix", 'agent.capabilities=["CAP_NET_ADMIN"]', /capabilities/],
    ["a group of Kubernetes' own", 'agent.certificateGroup="system:nodes"', /certificateGroup/],
    ["a digest that is none", 'image.digest="sha256:1234"', /digest/],
    ["a source that is no prefix", 'bridge.plaintextFrom=["192.0.2.1"]', /plaintextFrom/],
    ["a callback in an unknown dialect", 'bridge.callbacks=["http=192.0.2.1:80"]', /callbacks/],
    ["a misspelt resource", 'agent.resources={"limit":{"memory":"1Gi"}}', /limit/],
  ])("%s", (_, set, message) => {
    expect(refused(set)).toMatch(message);
  });

  test("a ServiceMonitor for metrics that nobody can reach", () => {
    expect(refused("metrics.serviceMonitor.enabled=true")).toMatch(/needs metrics.expose/);
  });

  test("two places for the bridge's data", () => {
    expect(refused('bridge.data.hostPath="/data"', 'bridge.data.existingClaim="claim"')).toMatch(/exclude each other/);
  });

  test("no API server, where no cluster can be asked", () => {
    const { ok, stderr } = template([]);
    expect(ok).toBe(false);
    expect(stderr).toMatch(/apiServer.url is empty.*a Service's address will not do/i);
  });

  test("but not a parent chart's global values", () => {
    expect(refused('global.anything="else"')).toBe("accepted");
  });
});
