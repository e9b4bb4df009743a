/** A place in a rule's text. Readers move `at` past what they have read. */
export interface Cursor {
  readonly tokens: readonly string[];
  at: number;
}

const TOKEN = /"[^"]*"|@(?:ll|nh|th|ih),\d{1,4},\d{1,3}|[{},&]|[^\s{},"&]+/g;

/** Splits a rule's text into words, quoted strings and punctuation; undefined when it holds a character that no rule of ours has. */
export function cursorOf(text: string): Cursor | undefined {
  if (!/^[ -~]*$/.test(text) || /[;#$\\`]/.test(text.replaceAll(/"[^"]*"/g, ""))) return undefined;
  return { tokens: text.match(TOKEN) ?? [], at: 0 };
}

/** The next token without reading it; the empty string at the end. */
export function peek(cursor: Cursor): string {
  return cursor.tokens[cursor.at] ?? "";
}

export function take(cursor: Cursor): string {
  const token = peek(cursor);
  cursor.at++;
  return token;
}

/** Reads `token` if it is next. */
export function takeIf(cursor: Cursor, ...tokens: readonly string[]): boolean {
  const next = tokens.every((token, index) => cursor.tokens[cursor.at + index] === token);
  if (next) cursor.at += tokens.length;
  return next;
}
