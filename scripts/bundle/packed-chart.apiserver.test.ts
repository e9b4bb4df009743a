import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { CHART, helm, offlineVersion, PROFILES } from "../charts/helm.ts";
import { writeChart } from "./air-gap-bundle.ts";

test("helm renders the packed chart as it does the folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-chart-"));
  try {
    const packed = join(folder, "pharos.tgz");
    await writeChart(join(import.meta.dirname, "../.."), packed);
    const render = (chart: string) =>
      helm(["template", "pharos", chart, "--namespace", "pharos-system", ...offlineVersion(), ...(PROFILES.default ?? [])], process.env);
    const rendered = render(packed);
    expect([rendered.ok, rendered.stderr]).toEqual([true, ""]);
    expect(rendered.stdout).toBe(render(CHART).stdout);
    expect(rendered.stdout).toContain("kind: DaemonSet");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
