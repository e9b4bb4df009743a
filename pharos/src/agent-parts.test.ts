import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { build } from "esbuild";
import { programBundle } from "../../scripts/program-bundle.ts";

/** What an agent has no use for, until it meets a document, a log folder, a scrape or a kubeconfig in YAML. */
const NOT_FOR_AGENTS = [
  /packages\/kinds\/src\/(schemas|validators)\.ts/,
  /kinds\/src\/generated\/(schemas|validators)\.ts/,
  /packages\/documents\//,
];
const NO_LIBRARIES = [/node_modules\/(yaml|@grpc|prom-client|@bufbuild|@kubernetes|protobufjs)\//];

test("the program parts that an agent of Kubernetes starts with hold nothing that it does not run", async () => {
  const root = join(import.meta.dirname, "../..");
  const bundle = programBundle("pharos/src/main.ts", "pharos");
  const { metafile } = await build({ ...bundle, absWorkingDir: root, sourcemap: false, metafile: true, write: false });
  const first = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "pharos/src/kubernetes-agent-command.ts");
  const loaded = new Set(first === undefined ? [] : [first[0]]);
  for (const part of loaded) {
    for (const { path, kind } of metafile.outputs[part]?.imports ?? [])
      if (kind === "import-statement" && path in metafile.outputs) loaded.add(path);
  }
  const inputs = [...loaded].flatMap((part) => Object.entries(metafile.outputs[part]?.inputs ?? {}));
  const held = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  const externals = [...loaded].flatMap((part) => metafile.outputs[part]?.imports ?? []).filter(({ external }) => external === true);
  // All of that package is half a megabyte of tables.
  expect(externals.map(({ path }) => path).filter((path) => path.startsWith("netlink"))).toEqual(["netlink/dist/raw.js"]);
  expect(held).toContain("node-agent/src/agent.ts");
  expect(held.filter((path) => [...NOT_FOR_AGENTS, ...NO_LIBRARIES].some((pattern) => pattern.test(path)))).toEqual([]);
}, 60_000);
