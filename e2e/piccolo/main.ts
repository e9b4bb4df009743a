// The Piccolo stand-in as a program: `node e2e/piccolo/main.ts serve --listen 127.0.0.1:9090 [--log FILE]`
// writes each completion as one line of JSON to standard output (and FILE).
// `boot --pharos ADDRESS --file vehicle.yaml` plays scenario 12.1;
// `pod --pharos ADDRESS --listen ADDRESS --pod NAME [--network FILE] [--node FILE]` plays 12.2. Exit 1: not as it should be.
import { appendFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type ReceivedCompletion, startCallbackServer } from "./callback-server.ts";
import { piccoloClient } from "./client.ts";
import { bootVehicle, Mailbox, networkForPod } from "./scenarios.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    listen: { type: "string", default: "127.0.0.1:9090" },
    pharos: { type: "string", default: "127.0.0.1:9091" },
    log: { type: "string" },
    file: { type: "string" },
    pod: { type: "string" },
    network: { type: "string" },
    node: { type: "string" },
  },
});

function print(value: unknown): void {
  const line = `${JSON.stringify(value)}\n`;
  process.stdout.write(line);
  if (values.log !== undefined) appendFileSync(values.log, line);
}

const textOf = (path: string | undefined): string => (path === undefined ? "" : readFileSync(path, "utf8"));

async function serve(): Promise<void> {
  const server = await startCallbackServer({
    address: values.listen,
    onCompletion: (completion: ReceivedCompletion) => print({ time: new Date().toISOString(), ...completion }),
  });
  print({ listening: server.address });
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  await server.stop();
}

async function boot(): Promise<boolean> {
  const piccolo = piccoloClient(values.pharos);
  const { response, components } = await bootVehicle(piccolo, textOf(values.file));
  print(response);
  for (const component of components) print(component);
  piccolo.close();
  return response.success;
}

async function pod(): Promise<boolean> {
  const mailbox = new Mailbox();
  const server = await startCallbackServer({ address: values.listen, onCompletion: (completion) => mailbox.take(completion) });
  const piccolo = piccoloClient(values.pharos);
  const request = { podName: values.pod ?? "", networkYaml: textOf(values.network), nodeYaml: textOf(values.node) };
  const { response, completion } = await networkForPod(piccolo, mailbox, request);
  print(response);
  print(completion ?? { completion: "none in time" });
  piccolo.close();
  await server.stop();
  return completion?.status === "OK";
}

const command = positionals[0];
if (command === "serve") await serve();
else if (command === "boot") process.exitCode = (await boot()) ? 0 : 1;
else if (command === "pod") process.exitCode = (await pod()) ? 0 : 1;
else {
  console.error(
    "usage: main.ts serve|boot|pod [--listen ADDRESS] [--pharos ADDRESS] [--file FILE] [--pod NAME] [--network FILE] [--node FILE] [--log FILE]",
  );
  process.exitCode = 2;
}
