import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { inClusterCredentials, kubeconfigCredentials } from "./credentials.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-credentials-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let serial = 0;
function file(text: string): string {
  serial += 1;
  const path = join(folder, `file-${serial}`);
  writeFileSync(path, text);
  return path;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

function kubeconfig({ user, cluster = {} }: { readonly user: object; readonly cluster?: object }): string {
  return file(
    stringify({
      "current-context": "two",
      contexts: [
        { name: "one", context: { cluster: "none", user: "none" } },
        { name: "two", context: { cluster: "c", user: "u" } },
      ],
      clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", ...cluster } }],
      users: [{ name: "u", user }],
    }),
  );
}

/** Rewrites a file as kubelet does: another time of change. */
function renew(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
}

describe("credentials from a kubeconfig", () => {
  test("a client certificate, inline", async () => {
    const path = kubeconfig({
      user: { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") },
      cluster: { "certificate-authority-data": base64("CA") },
    });
    expect(await kubeconfigCredentials(path)).toEqual({
      server: "https://10.0.0.1:6443",
      authority: "CA",
      client: { certificate: "CERT", key: "KEY" },
    });
  });

  test("as JSON, which `kubectl config view -o json` writes", async () => {
    const contexts = [{ name: "x", context: { cluster: "c", user: "u" } }];
    const clusters = [{ name: "c", cluster: { server: "https://10.0.0.1:6443" } }];
    const config = { "current-context": "x", contexts, clusters, users: [{ name: "u", user: { token: "T" } }] };
    const { server, token } = await kubeconfigCredentials(file(JSON.stringify(config, undefined, 2)));
    expect([server, await token?.()]).toEqual(["https://10.0.0.1:6443", "T"]);
    await expect(kubeconfigCredentials(file('{"clusters":'))).rejects.toThrow("is no kubeconfig");
  });

  test("files are found beside the kubeconfig", async () => {
    const [ca, certificate, key] = ["CA", "CERT", "KEY"].map((text) => file(text).slice(folder.length + 1));
    const path = kubeconfig({
      user: { "client-certificate": certificate, "client-key": key },
      cluster: { "certificate-authority": ca, "tls-server-name": "kubernetes" },
    });
    const credentials = await kubeconfigCredentials(path);
    expect(credentials).toMatchObject({ authority: "CA", serverName: "kubernetes", client: { certificate: "CERT", key: "KEY" } });
  });

  test("another address replaces the server's", async () => {
    const { server, token } = await kubeconfigCredentials(kubeconfig({ user: { token: "T" } }), "https://10.9.9.9:443");
    expect([server, await token?.()]).toEqual(["https://10.9.9.9:443", "T"]);
  });

  test("a token file goes before a token, and is read again when it changed", async () => {
    const path = file("first\n");
    const { token } = await kubeconfigCredentials(kubeconfig({ user: { token: "T", tokenFile: path } }));
    expect(await token?.()).toBe("first");
    renew(path, "second\n");
    expect(await token?.()).toBe("second");
  });

  test.each([
    ["a credential plugin", () => kubeconfig({ user: { exec: { command: "aws" } } }), "credential plugin"],
    ["nobody", () => kubeconfig({ user: {} }), "a token, a token file or a client certificate is needed"],
    ["half a certificate", () => kubeconfig({ user: { "client-certificate-data": base64("CERT") } }), "is needed"],
    [
      "a cluster without verification",
      () => kubeconfig({ user: { token: "T" }, cluster: { "insecure-skip-tls-verify": true } }),
      "name the authority",
    ],
    ["plain HTTP", () => kubeconfig({ user: { token: "T" }, cluster: { server: "http://10.0.0.1" } }), "no https URL"],
    ["a file that is missing", () => kubeconfig({ user: { "client-certificate": "none", "client-key": "none" } }), "cannot read"],
    ["no YAML", () => file("{"), "no kubeconfig"],
    ["lists that are none", () => file("contexts: 5\ncurrent-context: x"), "no kubeconfig"],
    ["an empty file", () => file(""), "no current context"],
    ["no file", () => join(folder, "none"), "cannot read"],
  ])("%s is refused with a reason", async (_name, make, reason) => {
    await expect(kubeconfigCredentials(make())).rejects.toMatchObject({ code: "PHAROS-3020", message: expect.stringContaining(reason) });
  });
});

describe("credentials of the pod that we run in", () => {
  test("the mounted authority, and the token of the moment", async () => {
    const account = mkdtempSync(join(folder, "account-"));
    writeFileSync(join(account, "ca.crt"), "CA");
    writeFileSync(join(account, "token"), "first");
    const { server, authority, token } = await inClusterCredentials("https://10.0.0.1:6443", account);
    expect([server, authority, await token?.()]).toEqual(["https://10.0.0.1:6443", "CA", "first"]);
    renew(join(account, "token"), "second");
    expect(await token?.()).toBe("second");
  });

  test("a token that was removed is told", async () => {
    const account = mkdtempSync(join(folder, "account-"));
    writeFileSync(join(account, "ca.crt"), "CA");
    const { token } = await inClusterCredentials("https://10.0.0.1:6443", account);
    await expect(token?.()).rejects.toMatchObject({ code: "PHAROS-3020" });
  });

  test("outside a pod it says so", async () => {
    await expect(inClusterCredentials("https://10.0.0.1", join(folder, "none"))).rejects.toMatchObject({ code: "PHAROS-3020" });
  });
});
