import type { RenderedFile } from "./files.ts";
import type { Section } from "./section.ts";

function text({ path, mode, content }: RenderedFile): readonly string[] {
  const lines = content.endsWith("\n") ? content.slice(0, -1).split("\n") : content.split("\n");
  return [`${path} mode ${mode.toString(8).padStart(4, "0")}`, ...lines.map((line) => `  ${line}`)];
}

/** Files by path. */
export const fileSection: Section<RenderedFile> = {
  key: ({ path }) => path,
  equal: (observed, desired) => observed.mode === desired.mode && observed.content === desired.content,
  steps: (changes) =>
    changes.map((change) =>
      change.kind === "delete" ? { kind: "file.delete", file: change.observed } : { kind: "file.write", file: change.desired },
    ),
  text,
};
