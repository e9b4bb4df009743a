import { Agent, request } from "node:https";
import type { ClientCredentials } from "@pharos/lab/kubernetes";

/** JSON calls of one kept connection. */
export interface ApiClient {
  get(path: string): Promise<unknown>;
  /** RFC 7396. Resolves when the server answered; rejects unless it took it. */
  mergePatch(path: string, body: object): Promise<void>;
  close(): void;
}

export function apiClient({ server, authority, certificate, key }: ClientCredentials): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: authority, cert: certificate, key });
  const call = (method: string, path: string, body?: object) =>
    new Promise<string>((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/merge-patch+json" };
      const sent = request(`${server}${path}`, { agent, method, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("error", reject);
        answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`${method} ${path}: ${text}`))));
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    get: async (path) => JSON.parse(await call("GET", path)),
    mergePatch: async (path, body) => {
      await call("PATCH", path, body);
    },
    close: () => agent.destroy(),
  };
}
