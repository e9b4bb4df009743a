import type { CodeEntry } from "@pharos/base";

/** Register of the agent: PHAROS-4000 to PHAROS-4099. */
export const AGENT_SNAPSHOT_UNREADABLE: CodeEntry = {
  code: "PHAROS-4001",
  title: "a state file of the agent cannot be read",
  action: "the file is set aside and the agent goes on without it; check the disk",
};
export const AGENT_SNAPSHOT_UNWRITABLE: CodeEntry = {
  code: "PHAROS-4002",
  title: "the last good revision cannot be stored",
  action: "free space on the disk or mount it writable; until then a restart comes back with an older revision",
};
export const AGENT_NOT_CONVERGED: CodeEntry = {
  code: "PHAROS-4003",
  title: "the kernel is not in the wanted state after the plan was applied",
  action: "look for another program that changes the same objects; `pharosctl plan` shows what should be there",
};
export const AGENT_REVISION_REFUSED: CodeEntry = {
  code: "PHAROS-4004",
  title: "this host cannot run the revision",
  action: "mend the fields that the findings name; until then the last good revision stays",
};
export const AGENT_ATTACH_FAILED: CodeEntry = {
  code: "PHAROS-4005",
  title: "a running container could not be attached",
  action: "see the plugin's own error",
};
export const AGENT_SEED_INVALID: CodeEntry = {
  code: "PHAROS-4006",
  title: "the seed cannot be used",
  action: "mend /etc/pharos/seed.yaml; the agent waits for a revision from the store",
};
export const AGENT_REVISION_UNCOMPILABLE: CodeEntry = {
  code: "PHAROS-4007",
  title: "this version of Pharos cannot work out a revision",
  action: "a defect of Pharos: report it together with the revision; until then the last good revision stays",
};
