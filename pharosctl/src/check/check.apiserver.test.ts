import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type ApiWithKinds, requireKubeAsset, startApiWithKinds } from "@pharos/lab/kubernetes";
import { checkCommand } from "../commands/check.ts";
import { EXIT } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

const NAMESPACE = "pharos-system";

let api: ApiWithKinds;
beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", NAMESPACE]);
}, 60_000);
afterAll(() => api?.stop());

const object = (apiVersion: string, kind: string, name: string, more: object = {}, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...more,
});
const create = (...items: readonly object[]) =>
  api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
const setStatus = (kind: string, name: string, status: object) =>
  api.kubectl(["patch", kind, name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);

/** What `pharosctl check` says to a person with the rights of a kubeconfig: its exit code, and severity, code and description of each line. */
async function check(before: boolean, kubeconfig = api.kubeconfig): Promise<readonly (string | number)[]> {
  let text = "";
  const terminal: Terminal = {
    out: (more) => {
      text += more;
    },
    err: () => {},
    confirm: async () => false,
  };
  const cluster = { kubectl: requireKubeAsset("kubectl", process.env), kubeconfig, namespace: NAMESPACE };
  const code = await checkCommand({ before, files: [], cluster, server: "unused:1", format: "json" }, terminal);
  const findings = JSON.parse(text) as readonly { readonly severity: string; readonly code: string; readonly description: string }[];
  return [code, ...findings.map((found) => `${found.severity} ${found.code} ${found.description}`)];
}

describe("pharosctl check on a real API server", () => {
  test("--pre finds another pod network and NetworkPolicies that nobody will enforce", async () => {
    expect(await check(true)).toEqual([EXIT.ok]);
    const selector = { matchLabels: { app: "x" } };
    const containers = [{ name: "x", image: "x" }];
    create(
      object("networking.k8s.io/v1", "NetworkPolicy", "deny-all", { spec: { podSelector: {} } }, "default"),
      object(
        "apps/v1",
        "DaemonSet",
        "calico-node",
        { spec: { selector, template: { metadata: { labels: { app: "x" } }, spec: { containers } } } },
        "kube-system",
      ),
    );
    expect(await check(true)).toEqual([
      EXIT.findings,
      "ERROR PHAROS-7025 the DaemonSet kube-system/calico-node is another pod network",
      "WARNING PHAROS-7029 1 NetworkPolicies are not enforced: default/deny-all",
    ]);
    api.kubectl(["delete", "networkpolicy", "deny-all", "-n", "default"]);
  }, 60_000);

  test("after the CRDs alone it finds neither operator nor agents", async () => {
    expect(await check(false)).toEqual([EXIT.findings, "ERROR PHAROS-7031 no operator leads", "ERROR PHAROS-7032 no agent has reported"]);
  }, 60_000);

  test("with both it names hosts that did not commit, nodes without an agent and documents that are not accepted, and nothing else", async () => {
    const lease = { holderIdentity: "operator-1", leaseDurationSeconds: 15 };
    create(
      object("coordination.k8s.io/v1", "Lease", "pharos-operator", { spec: lease }, NAMESPACE),
      object("v1", "Node", "n1"),
      object("v1", "Node", "n2"),
      {
        ...object("pharos.io/v1", "HostReport", "soc1", { spec: { host: "soc1" } }),
        metadata: { name: "soc1", annotations: { "pharos.io/node": "n1" } },
      },
      object("pharos.io/v1", "Node", "car", { spec: { name: "car", socs: [{ name: "soc1" }] } }),
    );
    const now = new Date().toISOString();
    const condition = (type: string, status: string, message: string) => ({
      type,
      status,
      reason: "Told",
      message,
      lastTransitionTime: now,
    });
    setStatus("hostreport", "soc1", { state: "RolledBack", conditions: [condition("Ready", "False", "nft refused it")] });
    setStatus("nodes.pharos.io", "car", { conditions: [condition("Accepted", "False", "two vehicles")] });
    expect(await check(false)).toEqual([
      EXIT.findings,
      "WARNING PHAROS-7032 no agent has reported for the Kubernetes node n2",
      "ERROR PHAROS-7033 soc1 is RolledBack: nft refused it",
      "ERROR PHAROS-7034 Node/car is not Accepted: two vehicles",
    ]);
    api.kubectl(["delete", "node", "n2"]);
    setStatus("hostreport", "soc1", { state: "Committed" });
    setStatus("nodes.pharos.io", "car", { conditions: [condition("Accepted", "True", "")] });
    expect(await check(false)).toEqual([EXIT.ok]);
  }, 60_000);

  test("without the right to look it says which right, and is no success", async () => {
    await expect(check(false, await api.writeKubeconfig("nobody"))).rejects.toThrow(/get nodes: .*forbidden.*nobody/i);
  }, 60_000);
});
