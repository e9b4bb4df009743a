export { type AgentConfig, runAgent } from "./run-agent.ts";
export { type KubernetesAgentConfig, runKubernetesAgent } from "./run-kubernetes-agent.ts";
