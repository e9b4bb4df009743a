/** How many writes are under way at one time. */
const WRITERS = 24;

/** Writes the objects 0 … count − 1, quickly. */
export async function writeMany(count: number, write: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const writer = async () => {
    for (let index = next++; index < count; index = next++) await write(index);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}
