import type { CodeEntry } from "@pharos/base/errors";

/** Register of the DHCP package: PHAROS-2300 to PHAROS-2399. */
export const DHCP_MALFORMED: CodeEntry = {
  code: "PHAROS-2300",
  title: "bytes are no DHCP message",
  action: "nothing: the message is left out; when it comes again and again, look for a broken DHCP server on the bridge",
};
export const DHCP_SILENT: CodeEntry = {
  code: "PHAROS-2301",
  title: "no DHCP server answers",
  action: "check that a DHCP server serves the bridge's segment, and that the bridge has the port that leads to it",
};
export const DHCP_REFUSED: CodeEntry = {
  code: "PHAROS-2302",
  title: "DHCP servers answer, but give no address that can be used",
  action: "check the server's pool and log; addresses that other pods hold, or that lie outside the subnet, are declined",
};
