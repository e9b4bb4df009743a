// The import rule of docs/architecture.md. A breach prints the chain that breaks it.
const pkg = (name) => `^packages/${name}/`;
const only = (from, allowed, comment) => ({
  name: `${from.replace(/[^a-z-]/g, "")}-imports`,
  comment,
  severity: "error",
  from: { path: from, pathNot: "\\.test\\.ts$" },
  to: {
    path: "^(packages/|operator/|node-agent/|cni-plugin/|grpc-bridge/|pharosctl/|pharos/)",
    pathNot: [from, ...allowed.map(pkg)],
  },
});
const pure = ["hoststate", "compiler", "attach", "kinds", "dhcp"];

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-packages",
      comment: "Pure means: no node:*, no clock, no randomness, no environment.",
      severity: "error",
      from: { path: `^packages/(${pure.join("|")})/src`, pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    only(pkg("base"), [], "base imports nothing of ours"),
    only(pkg("kinds"), [], "kinds imports nothing of ours"),
    only(pkg("rpc"), [], "rpc imports nothing of ours"),
    only(pkg("documents"), ["base", "kinds"], ""),
    only(pkg("hoststate"), ["base"], ""),
    only(pkg("compiler"), ["base", "kinds", "hoststate"], ""),
    only(pkg("attach"), ["base", "hoststate"], ""),
    only(pkg("dhcp"), ["base"], ""),
    only(pkg("ledger"), ["base", "hoststate"], ""),
    only(pkg("kernel"), ["base", "hoststate"], ""),
    only(pkg("outbox"), ["base"], ""),
    only(pkg("store"), ["base", "kinds", "documents", "rpc", "compiler"], ""),
    only(pkg("lab"), ["base", "kinds", "compiler", "hoststate", "kernel", "documents", "attach"], ""),
    only("^cni-plugin/", ["base", "hoststate", "attach", "ledger", "kernel", "dhcp"], "the plugin stays small"),
    only("^operator/", ["base", "kinds", "documents", "compiler", "hoststate", "store"], "the operator never touches a kernel"),
    only("^node-agent/", ["base", "kinds", "documents", "compiler", "hoststate", "kernel", "ledger", "attach", "dhcp", "store"], ""),
    only("^grpc-bridge/", ["base", "kinds", "documents", "compiler", "hoststate", "rpc", "store", "outbox"], ""),
    only("^pharosctl/", ["base", "kinds", "documents", "compiler", "hoststate", "lab", "rpc"], ""),
    {
      name: "only-store-touches-sqlite",
      severity: "error",
      from: { path: "\\.ts$", pathNot: ["^packages/store/src/embedded/", "\\.test\\.ts$"] },
      to: { path: "^(node:)?sqlite$" },
    },
    {
      name: "only-store-touches-client-node",
      comment: "The agent must not load it: it costs 47 MB.",
      severity: "error",
      from: { path: "\\.ts$", pathNot: ["^packages/store/src/kubernetes-home/plugin-credentials\\.ts$", "^bench/"] },
      to: { path: "node_modules/@kubernetes/client-node/" },
    },
    {
      name: "only-kernel-touches-linux",
      severity: "error",
      from: { path: "\\.ts$", pathNot: ["^packages/kernel/", "^cni-plugin/", "^packages/ledger/", "^bench/", "\\.test\\.ts$"] },
      to: { path: "node_modules/(netlink|koffi)/" },
    },
    {
      name: "main-is-imported-by-nobody",
      severity: "error",
      from: {},
      to: { path: "/main\\.ts$" },
    },
    {
      name: "generated-only-through-index",
      severity: "error",
      from: { pathNot: "^packages/(kinds|rpc)/" },
      to: { path: "^packages/(kinds|rpc)/src/generated/" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["/dist/", "/generated/descriptors"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".cjs", ".json"],
    },
  },
};
