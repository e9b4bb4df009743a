import koffi from "koffi";

/**
 * Gives what malloc holds free inside its heap back to the kernel (malloc_trim(3)); its thresholds see to the end of the heap only.
 * Does nothing where the C library has no such call (musl).
 */
export function trimHeap(): void {
  try {
    koffi.load(null).func("int malloc_trim(size_t pad)")(0);
  } catch {
    // Memory that could not be given back is no failure of anything.
  }
}
