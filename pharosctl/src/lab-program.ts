import { type Command, Option } from "commander";
import { labDownCommand, labStatusCommand, labUpCommand } from "./commands/lab.ts";
import { labAttachCommand, labDetachCommand, labExecCommand } from "./commands/lab-pods.ts";
import { foldersOf, type LabPlace, makeLabRoot } from "./lab-place.ts";
import type { Terminal } from "./terminal.ts";
import { holdNamespaces, runInUserNamespace, type Self } from "./user-namespace.ts";

/** How lab commands run: directly as root, else inside a user namespace that is made on demand. */
export interface LabRuntime {
  readonly place: LabPlace;
  /** Present for an ordinary user: this program, to be started again inside. */
  readonly self?: Self;
}

/** Adds `lab up|down|status|exec|attach|detach`. */
export function addLabCommands(
  program: Command,
  runtime: LabRuntime,
  terminal: Terminal,
  run: (work: Promise<number>) => Promise<void>,
): void {
  const { place, self } = runtime;
  const lab = program.command("lab").description("a whole vehicle in network namespaces on this machine, with real agents and packets");
  const named = (name: string) => lab.command(name).option("--name <lab>", "name of the lab", "lab");
  const inside = (name: string, work: () => Promise<number>, create = false) => {
    if (self === undefined) return run(work());
    makeLabRoot(place.root);
    return run(runInUserNamespace({ self, folders: foldersOf(place, name), create }));
  };

  named("up")
    .description("make the machines, start the agents, apply the documents")
    .addOption(new Option("-f, --file <path...>", "documents (files or folders)").makeOptionMandatory())
    .option("--no-apply", "leave the documents to another door (Piccolo, kubectl)")
    .option("--callback <dialect=address>", "receiver of completions")
    .action((o) =>
      inside(o.name, () => labUpCommand({ name: o.name, files: o.file, apply: o.apply, callback: o.callback }, place, terminal), true),
    );
  named("down")
    .description("end the programs, remove the machines")
    .action((o) => inside(o.name, () => labDownCommand(o.name, place, terminal), true));
  lab
    .command("status")
    .description("machines, agents and pods")
    .addOption(new Option("-o, --output <format>").choices(["table", "json", "yaml"]).default("table"))
    .action((o) => run(labStatusCommand(o.output, place, terminal)));
  named("exec")
    .description("run a program on a host or in a pod: lab exec vm1 -- ip address")
    .argument("<place>", "host or pod")
    .argument("<command...>")
    .action((where, command, o) => inside(o.name, () => labExecCommand(o.name, where, command, place)));
  named("attach")
    .description("start a pod and give it a network through the CNI plugin")
    .argument("<pod>", "name or namespace/name")
    .requiredOption("--host <host>", "where it runs")
    .option("--ip <address>", "fixed address")
    .option("--bridge <name>", "bridge; else the host's default")
    .option("--bare", "without a network, to wait for RequestNetworkPod", false)
    .action((pod, o) =>
      inside(o.name, () =>
        labAttachCommand({ name: o.name, pod, host: o.host, ip: o.ip, bridge: o.bridge, bare: o.bare }, place, terminal),
      ),
    );
  named("detach")
    .description("remove a pod")
    .argument("<pod>")
    .action((pod, o) => inside(o.name, () => labDetachCommand(o.name, pod, place, terminal)));
  lab
    .command("hold", { hidden: true })
    .description("keep the namespaces of an ordinary user's lab")
    .action(() => holdNamespaces(() => terminal.out("ready\n")));
}
