import type { KernelEvent } from "../kernel.ts";

/** Sections that changed and were not taken yet. Many changes of one section are one event. */
export class EventQueue {
  readonly #waiting = new Set<KernelEvent["section"]>();
  #wake: () => void = () => {};

  put(section: KernelEvent["section"]): void {
    this.#waiting.add(section);
    this.#wake();
  }

  wake(): void {
    this.#wake();
  }

  async *take(signal: AbortSignal): AsyncGenerator<KernelEvent> {
    while (!signal.aborted) {
      const sections = [...this.#waiting];
      this.#waiting.clear();
      for (const section of sections) yield { section };
      if (this.#waiting.size > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
