/** Names of fields and indices of list items from the root of a document. */
export type Segments = readonly (string | number)[];

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `spec.socs[0].name`; a name with other characters is quoted: `metadata.labels["a/b"]`. */
export function fieldPath(segments: Segments): string {
  return segments.reduce<string>((path, segment) => joinPath(path, segment), "");
}

/** The path of a field or an item of what `path` names. */
export function joinPath(path: string, segment: string | number): string {
  if (typeof segment === "number") return `${path}[${segment}]`;
  if (!PLAIN.test(segment)) return `${path}[${JSON.stringify(segment)}]`;
  return path === "" ? segment : `${path}.${segment}`;
}

/** The path of the object or list that `path` lies in; undefined for the root. */
export function parentPath(path: string): string | undefined {
  if (path === "") return undefined;
  if (!path.endsWith("]")) return path.slice(0, Math.max(path.lastIndexOf("."), 0));
  const quoted = path.endsWith('"]') ? path.lastIndexOf('["') : path.lastIndexOf("[");
  return path.slice(0, Math.max(quoted, 0));
}

/** Segments of a JSON pointer (RFC 6901) into `root`; items of lists become numbers. */
export function pointerSegments(root: unknown, pointer: string): Segments {
  const segments: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const segment = Array.isArray(value) ? Number(name) : name;
    segments.push(segment);
    value = typeof value === "object" && value !== null ? (value as Readonly<Record<string | number, unknown>>)[segment] : undefined;
  }
  return segments;
}
