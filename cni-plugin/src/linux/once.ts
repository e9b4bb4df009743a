/** What is made at its first use, and kept. */
export interface Once<T> {
  get(): T;
  /** What was made; undefined before. */
  peek(): T | undefined;
}

/** Makes a value at its first use. */
export function once<T>(make: () => T): Once<T> {
  let made: { readonly value: T } | undefined;
  return {
    get() {
      made ??= { value: make() };
      return made.value;
    },
    peek: () => made?.value,
  };
}
