import type { createHealth } from './health.ts';
import { keepFor } from './keep-for.ts';
import type { Metrics } from './metrics.ts';

/** Both gauges are of one look. */
const keptMs = 1000;

/** `/ready` as metrics. */
export function watchHealth(options: {
  readonly metrics: Metrics;
  readonly health: ReturnType<typeof createHealth>;
}): void {
  const { metrics, health } = options;
  const look = keepFor({ keptMs, read: () => health.readiness() });
  metrics.readGauge({
    name: 'bulkhead_ready',
    help: 'Whether the process can work: 0 while a dependency is down and while it stops.',
    read: async () => [{ labels: {}, value: Number((await look()).ready) }],
  });
  metrics.readGauge({
    name: 'bulkhead_dependency_up',
    help: 'Whether a dependency answers within two seconds.',
    labels: ['dependency'],
    read: async () =>
      Object.entries((await look()).checks).map(([dependency, state]) => ({
        labels: { dependency },
        value: Number(state === 'up'),
      })),
  });
}
