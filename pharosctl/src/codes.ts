import type { CodeEntry } from "@pharos/base";

/** Register of pharosctl: PHAROS-7000 to PHAROS-7099. */
export const CTL_USAGE: CodeEntry = {
  code: "PHAROS-7001",
  title: "the command cannot be understood",
  action: "`pharosctl help COMMAND` shows how it is used",
};
export const CTL_FILE_UNREADABLE: CodeEntry = {
  code: "PHAROS-7002",
  title: "a file cannot be read",
  action: "check the path and its permissions",
};
export const CTL_FILE_EXISTS: CodeEntry = {
  code: "PHAROS-7003",
  title: "a file is there already",
  action: "give another name, or --force to replace it",
};
export const CTL_UNREACHABLE: CodeEntry = {
  code: "PHAROS-7004",
  title: "Pharos cannot be reached",
  action: "check --server (a unix socket or host:port) and that `pharos standalone` or the operator's bridge runs",
};
export const CTL_REFUSED: CodeEntry = { code: "PHAROS-7005", title: "Pharos refused the request", action: "mend what the message names" };
export const CTL_FINDINGS: CodeEntry = {
  code: "PHAROS-7006",
  title: "the documents have errors",
  action: "mend the fields that the findings name",
};
export const CTL_FOREIGN_FOLDER: CodeEntry = {
  code: "PHAROS-7007",
  title: "the folder of your labs belongs to somebody else",
  action: "set TMPDIR or PHAROS_LAB_ROOT to a folder of your own",
};
