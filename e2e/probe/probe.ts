// A program that runs in one network namespace: it serves TCP and UDP echo, and sends real packets on demand.
// Requests come as JSON lines on standard input, answers go as JSON lines to standard output.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

interface ProbeRequest {
  readonly id: number;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly address: string;
  readonly port?: number;
  readonly timeoutMs: number;
}

const ports = process.argv.slice(2).map(Number);

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function serve(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const udp = createSocket("udp4");
    udp.on("message", (message, peer) => udp.send(message, peer.port, peer.address));
    udp.on("error", reject);
    const tcp = createServer((socket) => socket.on("error", () => {}).pipe(socket));
    tcp.on("error", reject);
    udp.bind(port, "0.0.0.0", () => tcp.listen(port, "0.0.0.0", resolve));
  });
}

function probeTcp({ address, port = 0, timeoutMs }: ProbeRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.on("error", () => end(false));
    socket.on("data", () => end(true));
    socket.on("connect", () => socket.write("probe"));
  });
}

function probeUdp({ address, port = 0, timeoutMs }: ProbeRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const timer = setTimeout(() => end(false), timeoutMs);
    const end = (reached: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(reached);
    };
    socket.once("error", () => end(false));
    socket.once("message", () => end(true));
    socket.send("probe", port, address, (error) => {
      if (error !== null) end(false);
    });
  });
}

function probeIcmp({ address, timeoutMs }: ProbeRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("ping", ["-n", "-c", "1", "-W", String(timeoutMs / 1000), address], { stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

const PROBES = { tcp: probeTcp, udp: probeUdp, icmp: probeIcmp };

await Promise.all(ports.map(serve));
answer({ ready: true });
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const request = JSON.parse(line) as ProbeRequest;
  void PROBES[request.protocol](request).then((reached) => answer({ id: request.id, reached }));
});
lines.on("close", () => process.exit(0));
