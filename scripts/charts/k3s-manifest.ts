import { stringify } from "yaml";

const HEAD = `# Pharos on k3s without a hand on it. Made by scripts/generate-chart.ts from the chart's version and values-k3s.yaml.
# 1. Start the servers with --flannel-backend=none --disable-network-policy.
# 2. Put the packed chart (helm package charts/pharos) into /var/lib/rancher/k3s/server/static/charts, the image into
#    /var/lib/rancher/k3s/agent/images, and this file into /var/lib/rancher/k3s/server/manifests.
`;

/**
 * A HelmChart of k3s' Helm controller for a version of our chart, with the values of a profile. `bootstrap` makes its job run on the
 * host's network, before there is a network for pods.
 */
export function k3sManifest(version: string, values: string): string {
  const manifest = {
    apiVersion: "helm.cattle.io/v1",
    kind: "HelmChart",
    metadata: { name: "pharos", namespace: "kube-system" },
    spec: {
      // k3s' API server gives out what lies in its static folder, and replaces the variable in manifests.
      chart: `https://%{KUBERNETES_API}%/static/charts/pharos-${version}.tgz`,
      targetNamespace: "pharos-system",
      createNamespace: true,
      bootstrap: true,
      valuesContent: values,
    },
  };
  return HEAD + stringify(manifest, { lineWidth: 0, blockQuote: "literal" });
}
