// Makes dist/pharos-cni: the CNI plugin as one executable, with Node and the koffi addon inside. Nothing is downloaded.
import { buildPlugin } from "./plugin-executable.ts";

const { path, bytes, fresh } = await buildPlugin();
console.log(`plugin: ${path}, ${(bytes / 1e6).toFixed(1)} MB${fresh ? " (unchanged)" : ""}`);
