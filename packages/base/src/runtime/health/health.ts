import type { Metrics } from '../telemetry/metrics.ts';
import { keepFor, readWithin } from '../waits/repeated-reads.ts';
import type { EventLoopState } from './event-loop-monitor.ts';

export type HealthChecks = Readonly<Record<string, () => Promise<void>>>;

export interface Readiness {
  readonly ready: boolean;
  /** The state of each dependency. */
  readonly checks: Readonly<Record<string, 'up' | 'down'>>;
  readonly stopping?: true;
}

/** A dependency that does not answer within this time counts as down, because callers of this process would wait too long. */
const checkTimeoutMs = 2000;

/**
 * `/health` says that the process is alive. Readiness says that its dependencies are up and that it is not stopping.
 * @param options.instanceId lets the program that started the process verify that this process answers at its port
 * @param options.version of Bulkhead. It and `eventLoop` are shown in `/health`
 */
export function createHealth(
  checks: HealthChecks,
  options: {
    readonly instanceId?: string | undefined;
    readonly version?: string;
    readonly eventLoop?: { readonly state: EventLoopState };
  } = {},
) {
  const { instanceId, version, eventLoop } = options;
  let stopping = false;
  return {
    /** The response of `/health`. */
    get life() {
      return {
        status: 'alive' as const,
        ...(version === undefined ? {} : { version }),
        ...(instanceId === undefined ? {} : { instance: instanceId }),
        ...(eventLoop === undefined ? {} : { eventLoop: eventLoop.state }),
      };
    },
    /** Makes the process not ready, so that load balancers use other processes while its requests finish. */
    stop(): void {
      stopping = true;
    },
    async readiness(): Promise<Readiness> {
      const entries = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, (await isUp(check)) ? 'up' : 'down'] as const),
      );
      const up = entries.every(([, state]) => state === 'up');
      return { ready: up && !stopping, checks: Object.fromEntries(entries), ...(stopping ? { stopping } : {}) };
    },
  };
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  const answered = await readWithin(checkTimeoutMs, () => check().then(() => true));
  return answered ?? false;
}

/** Both gauges use the same check. */
const keptMs = 1000;

/** Reports readiness as metrics. */
export function watchHealth(metrics: Metrics, health: ReturnType<typeof createHealth>): void {
  const readiness = keepFor(keptMs, () => health.readiness());
  const { version } = health.life;
  if (version !== undefined) {
    metrics.readGauge({
      name: 'bulkhead_build_info',
      help: 'Always 1. The label has the version of the process.',
      labels: ['version'],
      read: async () => [{ labels: { version }, value: 1 }],
    });
  }
  metrics.readGauge({
    name: 'bulkhead_ready',
    help: 'Whether the process can work: 0 while a dependency is down and while it stops.',
    read: async () => [{ labels: {}, value: Number((await readiness()).ready) }],
  });
  metrics.readGauge({
    name: 'bulkhead_dependency_up',
    help: 'Whether a dependency responds within two seconds. Redis must also accept writes. `jobs`, of a worker: whether every running job makes progress.',
    labels: ['dependency'],
    read: async () =>
      Object.entries((await readiness()).checks).map(([dependency, state]) => ({
        labels: { dependency },
        value: Number(state === 'up'),
      })),
  });
}
