import { keepFor, type Metrics } from '@bulkhead/base';
import type { EhrClient, EhrObserver } from '@bulkhead/ehr';

/** An EHR answers a search in a tenth of a second, and takes up to a minute for a status. */
const requestBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90];
/** From no wait, over the wait for the next window, to the fifteen minutes after which a job returns to its queue. */
const waitBuckets = [0.01, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 900];
/** One scrape reads all gauges of a budget from one snapshot. */
const keptMs = 1000;

/** Counts and times the requests to EHRs and their responses. */
export function observeEhr({
  metrics,
  providers,
}: {
  readonly metrics: Metrics;
  readonly providers: readonly { readonly id: string }[];
}): EhrObserver {
  const requests = metrics.histogram({
    name: 'bulkhead_ehr_request_duration_seconds',
    help: 'Duration of each attempt of a request to an EHR, from the permission of the rate limiter to the response. `status` is 2xx to 5xx, none or cancelled.',
    labels: ['provider', 'kind', 'status'],
    buckets: requestBuckets,
  });
  const received = metrics.counter({
    name: 'bulkhead_ehr_received_bytes_total',
    help: 'Bytes that were received from EHRs: headers, and bodies before decompression.',
    labels: ['provider', 'kind'],
  });
  const waitHistogram = metrics.histogram({
    name: 'bulkhead_ehr_limiter_wait_seconds',
    help: 'How long requests waited for the rate limiter.',
    labels: ['kind'],
    buckets: waitBuckets,
  });
  const pauses = metrics.counter({
    name: 'bulkhead_ehr_limiter_pauses_total',
    help: 'How often an EHR has paused a budget. `reason` is the status of its response, or used-up if its headers showed that no requests remain.',
    labels: ['budget', 'reason'],
  });
  const tokens = metrics.counter({
    name: 'bulkhead_ehr_tokens_total',
    help: 'Access tokens that were requested. `outcome` is renewed, refused, authorization-needed or unavailable.',
    labels: ['provider', 'outcome'],
  });
  // Starts at 0, so that an alert on the increase sees the first refusal.
  for (const { id: provider } of providers) {
    for (const outcome of ['renewed', 'refused', 'authorization-needed', 'unavailable'])
      tokens({ provider, outcome }, 0);
  }
  return {
    requestEnded: ({ provider, kind, status, durationMs }) =>
      requests({ provider, kind, status: statusClass(status) }, durationMs / 1000),
    bytesReceived: ({ provider, kind, bytes }) => received({ provider, kind }, bytes),
    limiterWaited: ({ kind, waitMs }) => waitHistogram({ kind }, waitMs / 1000),
    limiterPaused: ({ budget, status }) => pauses({ budget, reason: String(status) }),
    tokenRequested: ({ provider, outcome }) => tokens({ provider, outcome }),
  };
}

/** Shows the use of the budgets that this process has used. Each budget is shared by the whole cluster. */
export function watchBudgets({ metrics, ehr }: { readonly metrics: Metrics; readonly ehr: EhrClient }): void {
  const read = keepFor(keptMs, () => ehr.readBudgetUse());
  metrics.readGauge({
    name: 'bulkhead_ehr_budget_used_ratio',
    help: 'How much of a request budget is used. 1 is all of it. `period` is day (24 hours) or window (two seconds at athenahealth).',
    labels: ['budget', 'period'],
    read: async () =>
      highest(
        (await read()).flatMap(({ name: budget, dayRatio, windowRatio }) => [
          { labels: { budget, period: 'day' }, value: dayRatio },
          { labels: { budget, period: 'window' }, value: windowRatio },
        ]),
      ),
  });
  metrics.readGauge({
    name: 'bulkhead_ehr_budget_paused_seconds',
    help: 'How long an EHR still pauses a budget. 0 if requests are sent.',
    labels: ['budget'],
    read: async () =>
      highest((await read()).map(({ name: budget, pausedMs }) => ({ labels: { budget }, value: pausedMs / 1000 }))),
  });
}

/** Clients of one environment have separate budgets with the same name, because the metrics must not show a client id. */
function highest<One extends { readonly labels: object; readonly value: number }>(samples: readonly One[]): One[] {
  // The last sample of a label set counts.
  return samples.toSorted((left, right) => left.value - right.value);
}

function statusClass(status: number | 'cancelled' | undefined): string {
  return typeof status === 'number' ? `${Math.floor(status / 100)}xx` : (status ?? 'none');
}
