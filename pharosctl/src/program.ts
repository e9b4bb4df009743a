import { Command, InvalidArgumentError, Option } from "commander";
import { applyCommand } from "./commands/apply.ts";
import { checkCommand } from "./commands/check.ts";
import { convertCommand } from "./commands/convert.ts";
import { explainCommand } from "./commands/explain.ts";
import { initCommand } from "./commands/init.ts";
import { installCommand } from "./commands/install.ts";
import { planCommand } from "./commands/plan.ts";
import { statusCommand } from "./commands/status.ts";
import { validateCommand } from "./commands/validate.ts";
import { completionScript } from "./completion.ts";
import type { ProgramFiles } from "./install/install.ts";
import { foldersOf } from "./lab-place.ts";
import { addLabCommands, type LabRuntime } from "./lab-program.ts";
import type { OutputFormat, Terminal } from "./terminal.ts";

/** All that the program takes from outside; `main.ts` fills it in. */
export interface ProgramSetting {
  readonly terminal: Terminal;
  readonly defaultServer: string;
  readonly schemaFile: string;
  readonly lab: LabRuntime;
  readonly version: string;
  /** What `install` copies. */
  readonly programs: ProgramFiles;
  /** Takes the exit code of the command that ran. */
  readonly onExit: (code: number) => void;
}

const EXIT_CODES = `
Exit codes: 0 fine; 1 failure; 2 wrong usage; 3 the documents have errors; 4 explain: dropped or no way; 5 Pharos cannot be
reached; 6 the user declined.`;

/** What the command groups share. */
interface Group {
  readonly program: Command;
  readonly setting: ProgramSetting;
  readonly run: (work: Promise<number>) => Promise<void>;
}

/** The command tree of pharosctl. */
export function pharosctlProgram(setting: ProgramSetting): Command {
  const program = new Command("pharosctl")
    .description("The network of a software-defined vehicle: check it, see it, try it, apply it. Also `kubectl pharos`.")
    .addHelpText("after", EXIT_CODES)
    .showHelpAfterError()
    .exitOverride();
  const group: Group = { program, setting, run: (work) => work.then(setting.onExit) };
  addFileCommands(group);
  addServerCommands(group);
  addLabCommands(program, setting.lab, setting.terminal, group.run);
  addInstallCommand(group);
  program
    .command("completion")
    .description("a completion script: source <(pharosctl completion bash)")
    .argument("<shell>", "bash, zsh or fish")
    .action((shell) => setting.terminal.out(completionScript(program, shell)));
  return program;
}

const fileOption = () => new Option("-f, --file <path...>", "documents (files, folders, or - for standard input)").makeOptionMandatory();
const outputOption = () =>
  new Option("-o, --output <format>", "output for people or programs").choices(["table", "json", "yaml"]).default("table");

function addFileCommands({ program, setting, run }: Group): void {
  const { terminal, schemaFile } = setting;
  program
    .command("init")
    .description("write a commented vehicle to start from")
    .option("--name <name>", "vehicle", "vehicle001")
    .option("--soc <count>", "SoCs", wholeNumber, 1)
    .option("--vm <count>", "VMs, spread over the SoCs", wholeNumber, 2)
    .option("--out <path>", "file to write", "vehicle.yaml")
    .option("--force", "replace the file", false)
    .action((o) => run(initCommand({ name: o.name, socs: o.soc, vms: o.vm, output: o.out, force: o.force, schemaFile }, terminal)));
  program
    .command("validate")
    .description("check documents: syntax, fields, and each against the others")
    .addOption(fileOption())
    .addOption(outputOption())
    .action((o) => run(validateCommand(o.file, format(o), terminal)));
  program
    .command("plan")
    .description("what each host's kernel would get")
    .addOption(fileOption())
    .option("--host <name...>", "only these hosts")
    .addOption(outputOption())
    .action((o) => run(planCommand({ files: o.file, hosts: o.host ?? [], format: format(o) }, terminal)));
  program
    .command("convert")
    .description("write documents in the spelling of kubectl or of the specification")
    .addOption(fileOption())
    .addOption(new Option("--to <spelling>").choices(["kubectl", "specification"]).default("kubectl"))
    .action((o) => run(convertCommand(o.file, o.to, terminal)));
}

function addServerCommands({ program, setting, run }: Group): void {
  const { terminal } = setting;
  const serverOption = () => new Option("--server <address>", "unix:/path or host:port of the Pharos API").default(setting.defaultServer);
  const labOption = () => new Option("--lab <name>", "ask a lab of yours instead of --server");
  const serverOf = (o: { readonly server: string; readonly lab?: string }) =>
    o.lab === undefined ? o.server : `unix:${foldersOf(setting.lab.place, o.lab).socket}`;
  program
    .command("explain")
    .description("may FROM reach TO with TRAFFIC (tcp/50000, udp/7400, icmp), and which rule says so")
    .argument("<from>", "host, pod, bridge, cloud VM, interface or address")
    .argument("<to>", "the same")
    .argument("[traffic]", "protocol/port", "icmp")
    // One path for each -f: a variadic option would swallow the arguments behind it.
    .addOption(new Option("-f, --file <path>", "documents (may be repeated); without them a running Pharos is asked").argParser(oneMore))
    .addOption(serverOption())
    .addOption(labOption())
    .addOption(outputOption())
    .action((from, to, traffic, o) =>
      run(explainCommand({ from, to, traffic, files: o.file ?? [], server: serverOf(o), format: format(o) }, terminal)),
    );
  program
    .command("apply")
    .description("show what would change in each kernel, ask, and apply")
    .addOption(fileOption())
    .addOption(serverOption())
    .addOption(labOption())
    .option("--yes", "do not ask", false)
    .action((o) => run(applyCommand({ files: o.file, server: serverOf(o), yes: o.yes }, terminal)));
  program
    .command("check")
    .description("with --pre: what stands in the way of Pharos on this machine and cluster; else: whether it works")
    .option("--pre", "before an installation", false)
    // One path for each -f, as for explain.
    .addOption(new Option("-f, --file <path>", "documents that will be applied (may be repeated)").argParser(oneMore))
    .option("--no-cluster", "leave Kubernetes out; without --pre the Pharos API is asked")
    .option("--no-host", "leave this machine out")
    .option("--root <folder>", "prefix of this machine's paths", "/")
    .option("--kubectl <path>", "the kubectl to ask with", "kubectl")
    .option("--kubeconfig <path>", "of the cluster")
    .option("--namespace <name>", "of Pharos' own objects", "pharos-system")
    .addOption(serverOption())
    .addOption(labOption())
    .addOption(outputOption())
    .action((o) => run(checkCommand({ ...checkOptions(o), server: serverOf(o), format: format(o) }, terminal)));
  program
    .command("status")
    .description("the vehicle's components as they are")
    .argument("[filter]", "a type (soc, vm, pod, bridge), a name, or request:<id>", "")
    .addOption(serverOption())
    .addOption(labOption())
    .addOption(outputOption())
    .action((filter, o) => run(statusCommand(serverOf(o), filter, format(o), terminal)));
}

function addInstallCommand({ program, setting, run }: Group): void {
  const { terminal, version, programs } = setting;
  program
    .command("install")
    .description("put programs, CNI plugin and systemd units on this machine (outside Kubernetes, or where Pharos owns the uplink)")
    .addOption(new Option("--role <role...>", "what this machine runs").choices(["agent", "standalone"]).default(["agent"]))
    .requiredOption("--host <name>", "name of this SoC or VM in the Node document")
    .option("--store <address>", "store service of the agent: unix:/path or host:port", "unix:/run/pharos/pharos.sock")
    .option("--agent-argument <argument>", "further argument of pharos agent (may be repeated): --kubernetes, --kubeconfig=…", oneMore)
    .option("--standalone-argument <argument>", "further argument of pharos standalone (may be repeated)", oneMore)
    .option("--root <folder>", "prefix of all paths, for an image that is being built", "/")
    .option("--no-start", "write the files only")
    .action((o) => {
      const settings = {
        host: o.host,
        store: o.store,
        agentArguments: o.agentArgument ?? [],
        standaloneArguments: o.standaloneArgument ?? [],
        root: o.root,
      };
      return run(installCommand({ ...settings, roles: o.role, start: o.start && o.root === "/", version, programs }, terminal));
    });
}

interface CheckFlags {
  readonly pre: boolean;
  readonly file?: readonly string[];
  readonly cluster: boolean;
  readonly host: boolean;
  readonly root: string;
  readonly kubectl: string;
  readonly kubeconfig?: string;
  readonly namespace: string;
}

function checkOptions({ pre, file, cluster, host, root, kubectl, kubeconfig, namespace }: CheckFlags) {
  const access = { kubectl, namespace, ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  return { before: pre, files: file ?? [], ...(host ? { root } : {}), ...(cluster ? { cluster: access } : {}) };
}

function format(options: { readonly output: OutputFormat }): OutputFormat {
  return options.output;
}

function oneMore(path: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), path];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("a whole number is wanted");
  return Number(text);
}
