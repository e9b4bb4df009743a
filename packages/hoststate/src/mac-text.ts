/** Twelve hexadecimal digits as a hardware address is written: `02abcdef0123` is `02:ab:cd:ef:01:23`. */
export function macText(digits: string): string {
  const pairs: string[] = [];
  for (let at = 0; at < digits.length; at += 2) pairs.push(digits.slice(at, at + 2));
  return pairs.join(":");
}
