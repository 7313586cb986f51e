import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { readWithin } from '../waits/repeated-reads.ts';

interface Instrument<Label extends string> {
  /** By Prometheus' conventions: the prefix `bulkhead_`, base units, and `_total` for counters. */
  readonly name: `bulkhead_${string}`;
  readonly help: string;
  /** Each label has few values. None of them names a patient, an address or an error message. */
  readonly labels?: readonly Label[];
}

export type MetricLabels<Label extends string> = Readonly<Record<Label, string>>;

/** Adds `value`, or one. */
export type Count<Label extends string> = (labels: MetricLabels<Label>, value?: number) => void;
export type Observe<Label extends string> = (labels: MetricLabels<Label>, value: number) => void;

export interface Sample<Label extends string> {
  readonly labels: MetricLabels<Label>;
  readonly value: number;
}

/** A metric as documented in docs/metrics.md. */
export interface DescribedMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** A value of prom-client. `metricName` is the name of the series, such as the `_count` of a histogram. */
interface MetricValue {
  readonly labels: object;
  readonly value: number;
  readonly metricName?: string;
}

/** Longer than any healthy read takes, and shorter than Prometheus waits for a page (10 s). */
const readTimeoutMs = 3000;

/**
 * The metrics of a process, in their own registry. Modules create instruments from it, and the composition root serves the page.
 * @param options.ofProcess whether to include memory, CPU, event loop and garbage collection of the Node process. Use it once per
 * process, because these are measured from its start to its end.
 */
export function createMetrics({ ofProcess = false }: { readonly ofProcess?: boolean } = {}) {
  const registry = new Registry();
  const described: DescribedMetric[] = [];
  if (ofProcess) collectDefaultMetrics({ register: registry });

  const describe = <Label extends string>(type: DescribedMetric['type'], instrument: Instrument<Label>) => {
    const { name, help, labels = [] } = instrument;
    described.push({ name, type, labels, help });
    return { name, help, labelNames: [...labels], registers: [registry] };
  };
  return {
    counter<Label extends string>(instrument: Instrument<Label>): Count<Label> {
      const counter = new Counter<string>(describe('counter', instrument));
      return (labels, value = 1) => counter.inc(labels, value);
    },

    /** @param instrument.buckets upper bounds, in the metric's unit. */
    histogram<Label extends string>(
      instrument: Instrument<Label> & { readonly buckets: readonly number[] },
    ): Observe<Label> {
      const histogram = new Histogram<string>({
        ...describe('histogram', instrument),
        buckets: [...instrument.buckets],
      });
      return (labels, value) => histogram.observe(labels, value);
    },

    /** A value that its owner sets. */
    gauge<Label extends string>(instrument: Instrument<Label>): Observe<Label> {
      const gauge = new Gauge<string>(describe('gauge', instrument));
      return (labels, value) => gauge.set(labels, value);
    },

    /** A value that is read when the page is requested. It is left out if it cannot be read. */
    readGauge<Label extends string>(
      instrument: Instrument<Label> & { readonly read: () => Promise<readonly Sample<Label>[]> },
    ): void {
      new Gauge<string>({
        ...describe('gauge', instrument),
        async collect() {
          this.reset();
          // The other metrics neither wait for an unavailable database nor disappear with it.
          const samples = (await readWithin(readTimeoutMs, instrument.read)) ?? [];
          // Show no value rather than an old one.
          this.reset();
          for (const { labels, value } of samples) this.set(labels, value);
        },
      });
    },

    /** The current values of a counter or a gauge, or of the `_count` of a histogram. Empty if this process does not have the metric. */
    async samples(name: string): Promise<readonly Sample<string>[]> {
      const metric = registry.getSingleMetric(name) ?? registry.getSingleMetric(name.replace(/_count$/, ''));
      const values: readonly MetricValue[] = metric === undefined ? [] : (await metric.get()).values;
      return values
        .filter(({ metricName = name }) => metricName === name)
        .map(({ labels, value }) => ({ labels: labels as MetricLabels<string>, value }));
    },

    /** Bulkhead's own metrics, without those of the Node process. */
    described: (): readonly DescribedMetric[] => described,

    contentType: registry.contentType,

    /** The page, in Prometheus' text format. */
    page: (): Promise<string> => registry.metrics(),
  };
}
