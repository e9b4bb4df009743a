// Keeps one TCP connection to an echo server busy until standard input ends, then tells how it went as one line of JSON.
import { connect } from "node:net";

const [host = "", port = "0"] = process.argv.slice(2);
const INTERVAL_MS = 5;
let sent = 0;
let received = 0;
let broken = "";

const socket = connect({ host, port: Number(port) });
socket.on("data", (data) => {
  received += data.length;
});
socket.on("error", (error) => {
  broken = error.message;
});
socket.on("end", () => {
  broken ||= "closed by the other end";
});
socket.on("connect", () => {
  process.stdout.write("connected\n");
  const timer = setInterval(() => {
    socket.write("x");
    sent++;
  }, INTERVAL_MS);
  process.stdin.on("end", () => {
    clearInterval(timer);
    setTimeout(() => {
      process.stdout.write(`${JSON.stringify({ sent, received, broken })}\n`, () => process.exit(0));
    }, 300);
  });
  process.stdin.resume();
});
