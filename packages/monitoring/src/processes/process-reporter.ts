import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { createHealth, Metrics } from '@bulkhead/base';
import type { ProcessCount, ProcessState } from './process-state.record.ts';
import type { ProcessStateRepository } from './process-state.repository.ts';

const defaultTiming = {
  /** A report is one small write, and the health report is at most this old. */
  everyMs: 15_000,
  /** The counts are of this time: long enough that an operator sees a short fault, and short enough to end soon after it. */
  countedMs: 15 * 60_000,
};
/** A process that stops does not wait longer than this for an unavailable database. */
const lastReportMs = 1000;

interface Counted {
  readonly name: ProcessCount;
  readonly metric: string;
  /** Only samples with one of these values of each label. */
  readonly where?: Readonly<Record<string, readonly string[]>>;
}

const apiRequests = 'bulkhead_http_request_duration_seconds_count';
const ehrRequests = 'bulkhead_ehr_request_duration_seconds_count';
const counted: readonly Counted[] = [
  { name: 'stalls', metric: 'bulkhead_event_loop_stalls_total' },
  { name: 'dropped-audit-lines', metric: 'bulkhead_audit_lines_total', where: { result: ['dropped'] } },
  { name: 'requests', metric: apiRequests },
  { name: 'failed-requests', metric: apiRequests, where: { status: ['5xx'] } },
  { name: 'ehr-requests', metric: ehrRequests },
  { name: 'failed-ehr-requests', metric: ehrRequests, where: { status: ['5xx', 'none'] } },
  {
    name: 'refused-tokens',
    metric: 'bulkhead_ehr_tokens_total',
    where: { outcome: ['refused', 'authorization-needed'] },
  },
];

interface ProcessReporterOptions {
  readonly kind: ProcessState['kind'];
  /** What the process says about itself at each report. */
  readonly facts?: Pick<ProcessState, 'version' | 'queues' | 'callsPrivateNetwork'>;
  readonly store: { readonly processStates: Pick<ProcessStateRepository, 'save'> };
  readonly metrics: Metrics;
  readonly health: Pick<ReturnType<typeof createHealth>, 'readiness'>;
  readonly timing?: typeof defaultTiming;
}

type Totals = ReadonlyMap<string, ProcessState['counts'][number]>;

/**
 * Writes the state of this process to the database, so that the health report of any API process knows it. Prometheus sees the same
 * values in the metrics of each process, but a deployment may have no Prometheus.
 */
export class ProcessReporter {
  readonly #options: ProcessReporterOptions;
  readonly #id = randomUUID();
  readonly #startedAt = new Date();
  /** The totals at each report of the last 15 minutes, the oldest first. */
  readonly #history: Totals[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProcessReporterOptions) {
    this.#options = options;
  }

  get #timing() {
    return this.#options.timing ?? defaultTiming;
  }

  async start(): Promise<void> {
    this.#history.push(await readTotals(this.#options.metrics));
    await this.#report();
    this.#timer = setInterval(() => void this.#report(), this.#timing.everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    const waited = new Promise((resolve) => setTimeout(resolve, lastReportMs).unref());
    await Promise.race([this.#report({ isStopped: true }), waited]);
  }

  /** If MongoDB is unavailable, nothing is written, and the report shows that this process is silent. */
  async #report({ isStopped = false } = {}): Promise<void> {
    const { kind, facts, store, metrics, health } = this.#options;
    const { checks } = await health.readiness();
    const [sweep] = await metrics.samples('bulkhead_sweep_last_success_timestamp_seconds');
    const state: ProcessState = {
      id: this.#id,
      kind,
      host: hostname(),
      pid: process.pid,
      startedAt: this.#startedAt,
      ...facts,
      reportedAt: new Date(),
      isStopped,
      counts: await this.#countRecent(),
      down: Object.keys(checks).filter((name) => checks[name] === 'down'),
      ...(sweep !== undefined && sweep.value > 0 ? { sweptAt: new Date(sweep.value * 1000) } : {}),
    };
    await store.processStates.save(state).catch(() => undefined);
  }

  async #countRecent(): Promise<ProcessState['counts']> {
    const now = await readTotals(this.#options.metrics);
    const before = this.#history[0];
    this.#history.push(now);
    const { everyMs, countedMs } = this.#timing;
    if (this.#history.length > countedMs / everyMs) this.#history.shift();
    return [...now]
      .map(([key, total]) => ({ ...total, count: total.count - (before?.get(key)?.count ?? 0) }))
      .filter(({ count }) => count > 0);
  }
}

async function readTotals(metrics: Metrics): Promise<Totals> {
  const totals = new Map<string, ProcessState['counts'][number]>();
  for (const { name, metric, where = {} } of counted) {
    for (const { labels, value } of await metrics.samples(metric)) {
      if (Object.entries(where).some(([label, values]) => !values.includes(labels[label] ?? ''))) continue;
      const { provider } = labels;
      const key = `${name}/${provider ?? ''}`;
      const count = (totals.get(key)?.count ?? 0) + value;
      totals.set(key, { name, count, ...(provider === undefined ? {} : { provider }) });
    }
  }
  return totals;
}
