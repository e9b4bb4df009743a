import { allocateBlocks, canonicalJson, check, outlineHosts } from "@pharos/compiler";
import type { CompilerPort } from "./decide/compiler-port.ts";

/** The compiler as the operator uses it. */
export const compilerPort: CompilerPort = { check, allocate: allocateBlocks, canonicalJson, hosts: outlineHosts };
