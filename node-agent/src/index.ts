export { type AgentConfig, runAgent } from "./run-agent.ts";
