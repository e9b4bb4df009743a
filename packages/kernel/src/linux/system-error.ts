/** The code of an error of a system call (`ENOENT`); undefined for any other value. Errors of another realm are errors too. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
