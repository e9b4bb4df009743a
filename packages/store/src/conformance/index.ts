export type { MakeStore, StoreUnderTest } from "./fixtures.ts";
export { readerConformance } from "./reader.ts";
export { writerConformance } from "./writer.ts";
