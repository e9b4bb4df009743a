import type { CodeEntry } from "@pharos/base";

/** Register of the outbox package: PHAROS-3100 to PHAROS-3199. */
export const OUTBOX_UNUSABLE: CodeEntry = {
  code: "PHAROS-3100",
  title: "outbox cannot be read or written",
  action: "check space and permissions of its folder",
};
export const OUTBOX_RECORD_TOO_LARGE: CodeEntry = {
  code: "PHAROS-3101",
  title: "record is larger than a segment",
  action: "send less at once, or make the segments larger",
};
export const OUTBOX_CLOSED: CodeEntry = { code: "PHAROS-3102", title: "outbox is closed", action: "open it again" };
