// Runs dependency-cruiser over our sources and refuses to believe a run that cruised nothing.
import { spawnSync } from "node:child_process";

const FOLDERS = ["packages", "operator", "node-agent", "cni-plugin", "grpc-bridge", "pharosctl", "pharos"];
const MINIMUM_MODULES = 60;

const run = spawnSync("depcruise", ["--config", ".dependency-cruiser.cjs", "--output-type", "err-long", ...FOLDERS], { encoding: "utf8" });
const output = `${run.stdout}${run.stderr}`;
const cruised = Number(/(\d+) modules/.exec(output)?.[1] ?? "0");
if (run.status !== 0 || cruised < MINIMUM_MODULES) {
  console.error(output);
  console.error(`imports: ${cruised} modules cruised (at least ${MINIMUM_MODULES} expected), exit ${run.status}`);
  process.exit(1);
}
console.log(`imports: ${cruised} modules, rule kept`);
