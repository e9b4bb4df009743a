import type { CodeEntry } from "@pharos/base";

/** Register of the ledger package: PHAROS-2100 to PHAROS-2199. */
export const LEDGER_UNWRITABLE: CodeEntry = {
  code: "PHAROS-2101",
  title: "ledger of pod addresses cannot be written",
  action: "free space on, or remount writable, the file system that holds it; nothing was changed",
};
export const LEDGER_UNREADABLE: CodeEntry = {
  code: "PHAROS-2102",
  title: "ledger of pod addresses cannot be read",
  action: "check the path and its permissions",
};
export const LEDGER_NEWER: CodeEntry = {
  code: "PHAROS-2103",
  title: "ledger of pod addresses was written by a newer version",
  action: "install the version that wrote it, or drain the host and remove the ledger",
};
export const LEDGER_BUSY: CodeEntry = {
  code: "PHAROS-2104",
  title: "ledger of pod addresses is locked by another process",
  action: "try again; if it stays so, look for a hanging plugin or agent process",
};
