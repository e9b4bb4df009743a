export { KERNEL_CODES } from "./codes.ts";
export type { Kernel, KernelEvent, KernelFacts, ObservedInterface, ObservedLink, Outcome } from "./kernel.ts";
export { trimHeap } from "./linux/trim-heap.ts";
export { makeSysctlsWritable } from "./linux/writable-sysctls.ts";
export { type LinuxKernelOptions, linuxKernel } from "./linux.ts";
export { isRefusal, NetlinkError } from "./netlink/netlink-error.ts";
export type { SetElement } from "./netlink/set-element-message.ts";
export { type NetlinkTransport, openTransport } from "./netlink/transport.ts";
export type { FirewallPort } from "./nft/firewall-port.ts";
