import type { CodeEntry } from "@pharos/base";

/** Error codes of this package, PHAROS-2000 to 2099; 2050 and up are those of nft. */
export const KERNEL_CODES = {
  netlinkRefused: {
    code: "PHAROS-2000",
    title: "the kernel refused a netlink request",
    action: "See the error name: EPERM needs CAP_NET_ADMIN, EOPNOTSUPP a kernel with that feature.",
  },
  netlinkBroken: {
    code: "PHAROS-2001",
    title: "a netlink socket failed",
    action: "Try again; if it stays, look for memory pressure on the host.",
  },
  dumpTorn: {
    code: "PHAROS-2002",
    title: "the kernel's tables changed during every attempt to list them",
    action: "Find the program that keeps changing links, addresses or routes.",
  },
  namespace: {
    code: "PHAROS-2003",
    title: "a network namespace could not be entered",
    action: "Check that the namespace exists and that the process has CAP_SYS_ADMIN over it.",
  },
  linkForeign: {
    code: "PHAROS-2004",
    title: "a link of that name exists and is not what is wanted",
    action: "Rename or delete the link, or choose another name in the document.",
  },
  linkMissing: {
    code: "PHAROS-2005",
    title: "a link does not exist",
    action: "Check the interface's name, its driver and its cable.",
  },
  sysctlRefused: {
    code: "PHAROS-2006",
    title: "a sysctl could not be set",
    action:
      "Check the path and the value; in a container the agent needs CAP_SYS_ADMIN and no AppArmor profile to make /proc/sys writable.",
  },
  fileRefused: {
    code: "PHAROS-2007",
    title: "a file could not be read or written",
    action: "Check the path's folder, its permissions and the free space.",
  },
  stepFailed: {
    code: "PHAROS-2008",
    title: "a step of a plan failed",
    action: "See the cause.",
  },
} as const satisfies Record<string, CodeEntry>;
