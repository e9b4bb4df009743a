/** Which hosts have a live stream to the store: what "reachable" means for a change that waits for its hosts. */
export class HostPresence {
  readonly #streams = new Map<string, number>();

  /** Hosts with at least one open stream. */
  hosts(): ReadonlySet<string> {
    return new Set(this.#streams.keys());
  }

  /** Counts a stream of `host` in until the returned function is called. */
  enter(host: string): () => void {
    this.#streams.set(host, (this.#streams.get(host) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const rest = (this.#streams.get(host) ?? 1) - 1;
      if (rest === 0) this.#streams.delete(host);
      else this.#streams.set(host, rest);
    };
  }
}
