import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** Values by name, without the prefix `pharos_`; read when a scrape asks. */
export type Gauges = Readonly<Record<string, { readonly help: string; readonly value: () => number }>>;

/** What a scrape gets. */
export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/** The process' own metrics and ours. */
export function collectMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const [name, { help, value }] of Object.entries(gauges)) {
    registry.registerMetric(
      new Gauge({
        name: `pharos_${name}`,
        help,
        registers: [],
        collect() {
          this.set(value());
        },
      }),
    );
  }
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
