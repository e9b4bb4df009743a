import type { CodeEntry } from "@pharos/base";

/** Register of the documents package: PHAROS-1000 to PHAROS-1099. */
export const DOCUMENT_TOO_LARGE: CodeEntry = {
  code: "PHAROS-1000",
  title: "document exceeds a limit",
  action: "split it into several documents, or make it smaller",
};
export const DOCUMENT_TIMEOUT: CodeEntry = {
  code: "PHAROS-1001",
  title: "reading the document took too long or too much memory",
  action: "split it into several documents, or make it smaller",
};
export const YAML_MALFORMED: CodeEntry = {
  code: "PHAROS-1002",
  title: "text is not YAML",
  action: "mend the syntax at the line that the finding names",
};
export const KEY_REFUSED: CodeEntry = {
  code: "PHAROS-1003",
  title: "key cannot be used",
  action: "give each field once, with a plain name",
};
export const TAG_UNKNOWN: CodeEntry = {
  code: "PHAROS-1004",
  title: "YAML tag is not known",
  action: "remove the tag; plain values need none",
};
export const KIND_UNKNOWN: CodeEntry = {
  code: "PHAROS-1005",
  title: "apiVersion or kind is not known",
  action: "use apiVersion pharos.io/v1 and one of the kinds of the reference",
};
export const FIELD_UNKNOWN: CodeEntry = {
  code: "PHAROS-1006",
  title: "field is not known",
  action: "remove the field or mend its name",
};
export const FIELD_MISSING: CodeEntry = {
  code: "PHAROS-1007",
  title: "required field is missing",
  action: "add the field",
};
export const TYPE_WRONG: CodeEntry = {
  code: "PHAROS-1008",
  title: "value has the wrong type",
  action: "give a value of the type that the reference names",
};
export const VALUE_REFUSED: CodeEntry = {
  code: "PHAROS-1009",
  title: "value is not allowed",
  action: "give a value that the reference allows",
};
export const RULE_BROKEN: CodeEntry = {
  code: "PHAROS-1010",
  title: "fields contradict each other",
  action: "mend one of the fields",
};
export const NAME_REFUSED: CodeEntry = {
  code: "PHAROS-1011",
  title: "name is not valid",
  action: "use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
};
export const ENTRY_TWICE: CodeEntry = {
  code: "PHAROS-1012",
  title: "entry is there twice",
  action: "remove one of the entries or rename it",
};
export const DOCUMENT_TWICE: CodeEntry = {
  code: "PHAROS-1013",
  title: "document is there twice",
  action: "remove one of the documents or rename it",
};
export const NAMESPACE_IGNORED: CodeEntry = {
  code: "PHAROS-1014",
  title: "namespace has no meaning for a cluster-wide kind",
  action: "remove metadata.namespace",
};
export const SPELLING_MISSING: CodeEntry = {
  code: "PHAROS-1015",
  title: "kind has no spelling in the specification",
  action: "write it in kubectl's spelling",
};
export const ENTRY_IGNORED: CodeEntry = {
  code: "PHAROS-1016",
  title: "entry has no effect",
  action: "remove the entry",
};
export const SHAPE_REFUSED: CodeEntry = {
  code: "PHAROS-1017",
  title: "document has a shape that cannot be carried out",
  action: "write it as one of the kinds of the reference",
};
