import {
  ATTACH_ADDRESS_OUTSIDE,
  ATTACH_ADDRESS_TAKEN,
  ATTACH_BAD_CONFIG,
  ATTACH_BAD_DATA,
  ATTACH_BAD_PARAMETER,
  ATTACH_EXHAUSTED,
  ATTACH_NO_BRIDGE,
  ATTACH_PORT_TAKEN,
  ATTACH_UNSUPPORTED,
} from "@pharos/attach";
import { type CodeEntry, describeError, PharosError } from "@pharos/base/errors";
import { DHCP_REFUSED, DHCP_SILENT } from "@pharos/dhcp";
import { NAMESPACE_UNUSABLE } from "@pharos/kernel/namespace";
import { LEDGER_BUSY, LEDGER_NEWER, LEDGER_UNREADABLE, LEDGER_UNWRITABLE } from "@pharos/ledger";
import {
  PLUGIN_BAD_COMMAND,
  PLUGIN_BAD_JSON,
  PLUGIN_BAD_NAMESPACE,
  PLUGIN_CHECK_FAILED,
  PLUGIN_FOREIGN_LINK,
  PLUGIN_KERNEL_BUSY,
  PLUGIN_KERNEL_REFUSED,
  PLUGIN_LIMITED,
  PLUGIN_NO_DATA,
  PLUGIN_NOT_READY,
  PLUGIN_UNKNOWN_ATTACHMENT,
  PLUGIN_VERSION_UNSUPPORTED,
} from "./codes.ts";

/** Error result of CNI 1.1. */
export interface CniError {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** Numbers below 100 are CNI's own ("Error codes"): 1 version, 2 unsupported field, 4 environment, 5 I/O, 6 decoding, 7 configuration, 11 try again later, 50 and 51 of STATUS. */
export const KNOWN_CODES: readonly (readonly [CodeEntry, number])[] = [
  [PLUGIN_VERSION_UNSUPPORTED, 1],
  [ATTACH_UNSUPPORTED, 2],
  [PLUGIN_BAD_COMMAND, 4],
  [ATTACH_BAD_PARAMETER, 4],
  [PLUGIN_BAD_NAMESPACE, 4],
  [LEDGER_UNREADABLE, 5],
  [PLUGIN_BAD_JSON, 6],
  [ATTACH_BAD_DATA, 6],
  [ATTACH_BAD_CONFIG, 7],
  [ATTACH_ADDRESS_OUTSIDE, 7],
  // Once there is space again, or the file system is writable, the same call does what is left to do and succeeds.
  [LEDGER_UNWRITABLE, 11],
  [PLUGIN_NO_DATA, 11],
  [ATTACH_NO_BRIDGE, 11],
  [ATTACH_EXHAUSTED, 11],
  [ATTACH_ADDRESS_TAKEN, 11],
  [ATTACH_PORT_TAKEN, 11],
  [LEDGER_BUSY, 11],
  [PLUGIN_KERNEL_BUSY, 11],
  [DHCP_SILENT, 11],
  [DHCP_REFUSED, 11],
  [PLUGIN_NOT_READY, 50],
  [PLUGIN_LIMITED, 51],
  [PLUGIN_KERNEL_REFUSED, 101],
  [NAMESPACE_UNUSABLE, 101],
  [PLUGIN_FOREIGN_LINK, 102],
  [PLUGIN_CHECK_FAILED, 103],
  [PLUGIN_UNKNOWN_ATTACHMENT, 104],
  [LEDGER_NEWER, 105],
];
const UNEXPECTED = 199;
/** STATUS: "The plugin is not available". */
const NOT_AVAILABLE = 50;
/** Answers of STATUS that stay what they are: the call itself is wrong (1, 2, 4, 7), or more than unavailable (51). */
const KEPT_BY_STATUS: readonly number[] = [1, 2, 4, 7, 51];

/** The CNI error of an error; one that has no code of ours is 199. What keeps STATUS from success says that the plugin is not available. */
export function cniErrorOf(error: unknown, cniVersion: string, isStatus = false): CniError {
  const known = error instanceof PharosError ? KNOWN_CODES.find(([entry]) => entry.code === error.code)?.[1] : undefined;
  const code = known ?? UNEXPECTED;
  const msg = error instanceof PharosError ? `${error.code}: ${error.message}` : "unexpected error";
  return { cniVersion, code: isStatus && !KEPT_BY_STATUS.includes(code) ? NOT_AVAILABLE : code, msg, details: describeError(error) };
}
