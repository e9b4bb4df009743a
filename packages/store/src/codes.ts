import type { CodeEntry } from "@pharos/base";

/** Register of the store package: PHAROS-3000 to PHAROS-3099. */
export const STORE_NOT_FOUND: CodeEntry = { code: "PHAROS-3001", title: "object not found", action: "check kind, name and namespace" };
export const STORE_CONFLICT: CodeEntry = {
  code: "PHAROS-3002",
  title: "object was changed by somebody else",
  action: "read it again and repeat the change",
};
export const STORE_EXISTS: CodeEntry = { code: "PHAROS-3003", title: "object exists already", action: "update it instead" };
export const STORE_HISTORY_GONE: CodeEntry = {
  code: "PHAROS-3004",
  title: "watch point is too old",
  action: "list again and watch from the new point",
};
export const STORE_INVALID: CodeEntry = { code: "PHAROS-3005", title: "object refused", action: "mend the fields that the findings name" };
export const STORE_UNAVAILABLE: CodeEntry = {
  code: "PHAROS-3006",
  title: "store cannot be reached",
  action: "the network stays as it is; check that the control plane runs",
};
export const STORE_DENIED: CodeEntry = {
  code: "PHAROS-3007",
  title: "not allowed to write this object",
  action: "an agent may write only its own host's objects",
};
