// Child process: compiles a frozen revision (a JSON file) for one host, as an agent does at start. Prints one line of JSON: what it
// took, and the firewall.
import { readFileSync } from "node:fs";
import { assumedFacts, compile, type RevisionContent } from "@pharos/compiler";

const [file = "", host = ""] = process.argv.slice(2);
const content: RevisionContent = JSON.parse(readFileSync(file, "utf8"));
const facts = assumedFacts(content, host);
const before = process.resourceUsage().maxRSS;
const start = performance.now();
const { value, findings } = compile({
  revision: { epoch: "bench", number: 1, content },
  host,
  live: { podNetworks: [], serviceRegistrations: [] },
  facts,
});
const ms = performance.now() - start;
const { maxRSS } = process.resourceUsage();
const errors = findings.filter((finding) => finding.severity === "ERROR").map((finding) => `${finding.path}: ${finding.description}`);
process.stdout.write(
  `${JSON.stringify({ ms, peakMiB: maxRSS / 1024, growthMiB: (maxRSS - before) / 1024, errors, firewall: value.firewall })}\n`,
);
