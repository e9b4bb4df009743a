// An HTTP server that answers with the address that the request came from: what the world sees of a pod.
import { createServer } from "node:http";

for (const port of process.argv.slice(2).map(Number)) {
  createServer((request, response) => response.end(request.socket.remoteAddress?.replace("::ffff:", ""))).listen(port, "0.0.0.0");
}
