/** One HTTP request by busybox: its `wget`, linked statically, crashes where it looks up the port of http. */
export const HTTP_REQUEST = "GET / HTTP/1.0\r\n\r\n";

/** The command that sends what it reads to `address:port` and prints the answer. */
export function netcat(address: string, port: number): readonly string[] {
  return ["busybox", "nc", "-w", "3", address, String(port)];
}

/** The command of a container that serves `text` over HTTP. */
export function serving(text: string, port = 80): readonly string[] {
  return ["sh", "-c", `echo ${text} > /tmp/index.html; exec httpd -f -p ${port} -h /tmp`];
}

/** Tries until the check passes; throws its last failure. */
export async function eventually<T>(check: () => T, withinMs = 20_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
