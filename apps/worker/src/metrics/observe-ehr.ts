import type { EhrClient, EhrObserver } from '@bulkhead/ehr-client';
import { keepFor, type Metrics } from '@bulkhead/runtime';

/** An EHR answers a search in a tenth of a second and computes a status for up to a minute. */
const requestBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90];
/** From a grant at once over a window's wait to the fifteen minutes after which a job goes back to its queue. */
const waitBuckets = [0.01, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 900];
/** The gauges of a budget are of one look. */
const keptMs = 1000;

/** Counts and times what goes to EHRs and what comes back. */
export function observeEhr({
  metrics,
  providers,
}: {
  readonly metrics: Metrics;
  readonly providers: readonly { readonly id: string }[];
}): EhrObserver {
  const requests = metrics.histogram({
    name: 'bulkhead_ehr_request_duration_seconds',
    help: 'Requests to EHRs, each try, from the limiter’s grant to the answer; status: 2xx to 5xx, none, cancelled.',
    labels: ['provider', 'kind', 'status'],
    buckets: requestBuckets,
  });
  const received = metrics.counter({
    name: 'bulkhead_ehr_received_bytes_total',
    help: 'What EHRs have sent, as it came: compressed, with its headers.',
    labels: ['provider', 'kind'],
  });
  const waits = metrics.histogram({
    name: 'bulkhead_ehr_limiter_wait_seconds',
    help: 'How long requests waited for the rate limiter.',
    labels: ['kind'],
    buckets: waitBuckets,
  });
  const pauses = metrics.counter({
    name: 'bulkhead_ehr_limiter_pauses_total',
    help: 'How often an EHR has asked all who share a budget to wait; reason: its status, or `used-up` where it said that nothing remains.',
    labels: ['budget', 'reason'],
  });
  const tokens = metrics.counter({
    name: 'bulkhead_ehr_tokens_total',
    help: 'Access tokens that were asked for; outcome: renewed, refused, authorization-needed, unavailable.',
    labels: ['provider', 'outcome'],
  });
  // From nought, or the first refusal would be no increase to an alert.
  for (const { id: provider } of providers) {
    for (const outcome of ['renewed', 'refused', 'authorization-needed', 'unavailable'])
      tokens({ provider, outcome }, 0);
  }
  return {
    requestEnded: ({ provider, kind, status, durationMs }) =>
      requests({ provider, kind, status: statusClass(status) }, durationMs / 1000),
    bytesReceived: ({ provider, kind, bytes }) => received({ provider, kind }, bytes),
    limiterWaited: ({ kind, waitMs }) => waits({ kind }, waitMs / 1000),
    limiterPaused: ({ budget, status }) => pauses({ budget, reason: String(status) }),
    tokenAsked: ({ provider, outcome }) => tokens({ provider, outcome }),
  };
}

/** How the budgets stand that this process has used; each is the whole cluster's. */
export function watchBudgets({ metrics, ehr }: { readonly metrics: Metrics; readonly ehr: EhrClient }): void {
  const read = keepFor({ keptMs, read: () => ehr.readBudgetUse() });
  metrics.readGauge({
    name: 'bulkhead_ehr_budget_used_ratio',
    help: 'How much of a budget of requests is used, 1: all; period: day (24 hours), window (two seconds at athenahealth).',
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
    help: 'For how long an EHR wants no request any more; 0: they go out.',
    labels: ['budget'],
    read: async () =>
      highest((await read()).map(({ name: budget, pausedMs }) => ({ labels: { budget }, value: pausedMs / 1000 }))),
  });
}

/** Clients of one environment have a budget each and one name, as a client id is nobody's business here. */
function highest<One extends { readonly labels: object; readonly value: number }>(samples: readonly One[]): One[] {
  // The last one counts.
  return samples.toSorted((left, right) => left.value - right.value);
}

function statusClass(status: number | 'cancelled' | undefined): string {
  return typeof status === 'number' ? `${Math.floor(status / 100)}xx` : (status ?? 'none');
}
