import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

interface Instrument<Label extends string> {
  /** In Prometheus' way: `bulkhead_` first, base units, `_total` for what only grows. */
  readonly name: `bulkhead_${string}`;
  readonly help: string;
  /** Of few values each, none of which names a patient, an address or an error. */
  readonly labels?: readonly Label[];
}

export type MetricLabels<Label extends string> = Readonly<Record<Label, string>>;

/** Counts one, or so many. */
export type Count<Label extends string> = (labels: MetricLabels<Label>, value?: number) => void;
export type Observe<Label extends string> = (labels: MetricLabels<Label>, value: number) => void;

export interface Sample<Label extends string> {
  readonly labels: MetricLabels<Label>;
  readonly value: number;
}

/** A metric as it is described on the page. */
export interface DescribedMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Longer than any read that is right takes, shorter than Prometheus waits for a page (10 s). */
const readTimeoutMs = 3000;

/**
 * The metrics of a process, on a registry of their own: whoever has something to count gets an instrument of it, and the
 * composition root shows the page.
 * @param options.ofProcess whether memory, CPU, event loop and garbage collection of the process are among them: once in a
 * process, as they are measured from its start to its end.
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
      const counter = new Counter(describe('counter', instrument));
      return (labels, value = 1) => counter.inc(labels, value);
    },

    /** @param instrument.buckets upper bounds, in the metric's unit. */
    histogram<Label extends string>(
      instrument: Instrument<Label> & { readonly buckets: readonly number[] },
    ): Observe<Label> {
      const histogram = new Histogram({ ...describe('histogram', instrument), buckets: [...instrument.buckets] });
      return (labels, value) => histogram.observe(labels, value);
    },

    /** What is set when it is known. */
    gauge<Label extends string>(instrument: Instrument<Label>): Observe<Label> {
      const gauge = new Gauge(describe('gauge', instrument));
      return (labels, value) => gauge.set(labels, value);
    },

    /** What is looked up when the page is asked for; what cannot be had then is not on it. */
    readGauge<Label extends string>(
      instrument: Instrument<Label> & { readonly read: () => Promise<readonly Sample<Label>[]> },
    ): void {
      new Gauge({
        ...describe('gauge', instrument),
        async collect() {
          this.reset();
          const samples = await within(instrument.read);
          // Nothing instead of what was true some time ago.
          this.reset();
          for (const { labels, value } of samples) this.set(labels, value);
        },
      });
    },

    /** Ours; without those of the process. */
    described: (): readonly DescribedMetric[] => described,

    contentType: registry.contentType,

    /** The page, in Prometheus' text format. */
    page: (): Promise<string> => registry.metrics(),
  };
}

/** The other metrics must not wait for a database that is away, nor go with it. */
async function within<Value>(read: () => Promise<readonly Value[]>): Promise<readonly Value[]> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<readonly Value[]>((resolve) => {
    timer = setTimeout(() => resolve([]), readTimeoutMs);
  });
  try {
    return await Promise.race([read(), timeout]);
  } catch {
    // That a dependency is down has a metric of its own, and log lines.
    return [];
  } finally {
    clearTimeout(timer);
  }
}
