// Runs tiers one after the other, all their files or those whose path has the text of --only, and ends with one line:
// N passed, N failed[, N skipped].
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { kubeAsset, pinnedModules } from "@pharos/lab/kubernetes";

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Lines of what a failed test file says, at the end of a run. */
const MESSAGE_LINES = 12;

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * Tiers that share the machine's timing run one file at a time. They end by force: now and then a socket of the netlink addon keeps
 * the event loop alive after the last test, and the results are written by then.
 */
const SERIAL: readonly string[] = ["lab", "kernel", "apiserver", "cluster"];

const { positionals: tiers, values: given } = parseArgs({ allowPositionals: true, options: { only: { type: "string" } } });

function runTier(tier: string, folder: string, failures: string[]): Count {
  const report = join(folder, `${tier}.json`);
  const serial = SERIAL.includes(tier) ? ["--runInBand", "--forceExit"] : ["--maxWorkers=2"];
  const only = given.only === undefined ? [] : ["--testPathPatterns", given.only];
  const options = `${process.env.NODE_OPTIONS ?? ""} --experimental-vm-modules --disable-warning=ExperimentalWarning`;
  console.log(`test: tier ${tier}`);
  const run = spawnSync("jest", ["--selectProjects", tier, "--json", "--outputFile", report, "--silent=false", ...serial, ...only], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: options },
  });
  const result = readReport(report);
  if (result === undefined) return { passed: 0, failed: 1, skipped: 0 };
  failures.push(...failuresOf(result));
  const broken =
    result.numRuntimeErrorTestSuites + (result.numFailedTests === 0 && run.status !== 0 && result.numRuntimeErrorTestSuites === 0 ? 1 : 0);
  return { passed: result.numPassedTests, failed: result.numFailedTests + broken, skipped: result.numPendingTests + result.numTodoTests };
}

/** What failed, once more: the end of a long log is what is read first. */
function failuresOf({ testResults }: JestReport): readonly string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => `failed: ${fullName}`);
    if (failed.length === 0 && assertionResults.length > 0) return [];
    const said = stripVTControlCharacters(message).split("\n").slice(0, MESSAGE_LINES);
    return [`failed: ${relative(process.cwd(), name)}`, ...failed, ...said.map((line) => `failed:   ${line}`)];
  });
}

function readReport(path: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as JestReport;
  } catch {
    console.error("jest wrote no report");
    return undefined;
  }
}

/** A tier with a question mark runs where Kubernetes' programs were built before. */
function hasKubeAssets(): boolean {
  const programs = pinnedModules().flatMap((pinned) => Object.keys(pinned.programs));
  return programs.every((program) => kubeAsset(program, process.env) !== undefined);
}

const folder = mkdtempSync(join(tmpdir(), "pharos-test-"));
const failures: string[] = [];
let total: Count = { passed: 0, failed: 0, skipped: 0 };
for (const argument of tiers) {
  const tier = argument.replace(/\?$/, "");
  if (argument.endsWith("?") && !hasKubeAssets()) {
    console.log(`test: tier ${tier} left out: Kubernetes' programs are not built (make kube-assets)`);
    continue;
  }
  const count = runTier(tier, folder, failures);
  const empty = count.passed + count.failed === 0;
  if (empty) console.error(`test: tier ${tier} executed no test`);
  const onCi = process.env.CI !== undefined && count.skipped > 0;
  if (onCi) console.error(`test: tier ${tier} skipped ${count.skipped} on CI`);
  total = {
    passed: total.passed + count.passed,
    failed: total.failed + count.failed + (empty ? 1 : 0) + (onCi ? count.skipped : 0),
    skipped: total.skipped + (onCi ? 0 : count.skipped),
  };
}
rmSync(folder, { recursive: true });
for (const line of failures) console.log(line);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exit(total.failed > 0 ? 1 : 0);
