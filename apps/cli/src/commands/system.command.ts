import { answerOf, type components, followEvents } from '@bulkhead/client';
import { command, given } from '../command.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { type Output, toSummary, toTable } from '../output/output.ts';

type RateBudget = components['schemas']['RateBudget'];

/** The deployment itself: its budgets, its history and its state. */
export const budgets = command({
  name: 'budgets',
  summary: 'show how many requests EHRs allow, and how many are used',
  options: { watch: option.flag('print the budgets again whenever one of them changes') },
  examples: ['budgets', 'budgets --watch'],
  async run({ api, output }, { watch }) {
    if (!watch) return printBudgets(output, answerOf(await api.GET('/api/ehr/rate-budgets')).data);
    const open = () => api.GET('/api/ehr/rate-budgets/events', { parseAs: 'stream' });
    for await (const { data } of followEvents<{ budgets: RateBudget[] }>(open)) printBudgets(output, data);
  },
});

function printBudgets(output: Output, data: readonly RateBudget[]): void {
  const used = (budget: { readonly used: number; readonly limit: number }) => `${budget.used} of ${budget.limit}`;
  output.printRows(data, {
    columns: {
      name: 'name',
      now: ({ window }) => `${used(window)} in ${window.windowMs / 1000} s`,
      minute: ({ minute }) => minute && used(minute),
      day: ({ day }) => used(day),
      waiting: ({ waiting }) => Object.values(waiting).reduce((sum, count) => sum + count, 0),
      paused: ({ pausedMs, pauseReason }) =>
        pausedMs > 0 ? `${Math.ceil(pausedMs / 1000)} s: ${pauseReason ?? 'paused'}` : undefined,
    },
    empty: 'No budgets. A connection has one: bulkhead connections create',
  });
}

export const plan = command({
  name: 'plan',
  summary: 'show whether the request budgets suffice for the next 24 hours, and when the last practice ends',
  options: {},
  examples: ['plan'],
  async run({ api, output }) {
    output.printRows(answerOf(await api.GET('/api/ehr/plan')).data, {
      columns: {
        name: 'name',
        practices: ({ connectionIds }) => connectionIds.length,
        runs: ({ runs, assumedRuns, unknownRuns }) =>
          [`${runs}`, assumedRuns && `${assumedRuns} assumed`, unknownRuns && `${unknownRuns} not known`]
            .filter(Boolean)
            .join(', '),
        requests: ({ requests, allowance }) => `${requests} of ${allowance}`,
        'last ends': ({ endsAt, lateSeconds }) => (lateSeconds === undefined ? 'the budget does not suffice' : endsAt),
        late: ({ lateSeconds }) =>
          lateSeconds ? `${Math.ceil(lateSeconds / 60)} min: the budget is too small` : undefined,
        'last connection': 'lastConnectionId',
      },
      empty: 'No budgets. A connection has one: bulkhead connections create',
    });
  },
});

export const history = command({
  name: 'history',
  summary: 'compare the last day with the days before, and list the runs of each period',
  options: { days: option.wholeNumber('<n>', 'how many days, up to 30 (default: 1)') },
  examples: ['history', 'history --days 7'],
  async run({ api, output }, { days }) {
    const params = { query: given({ days }) };
    const { data } = answerOf(await api.GET('/api/ehr/history', { params }));
    output.print(data, () =>
      toSummary({
        headline: `${data.from} to ${data.to}`,
        fields: {},
        lists: {
          'Last 24 hours': toTable(data.figures, {
            figure: ({ figure }) => figure.replaceAll('-', ' '),
            'last day': 'lastDay',
            usual: 'usual',
          }),
          Runs: toTable(data.runs, {
            from: 'at',
            kind: 'kind',
            completed: 'completed',
            partial: 'partial',
            failed: 'failed',
            cancelled: 'cancelled',
            'median s': 'medianSeconds',
            'longest s': 'longestSeconds',
          }),
        },
      }),
    );
  },
});

export const status = command({
  name: 'status',
  summary: 'show whether the API is alive and can accept requests',
  examples: ['status'],
  async run({ api, output, url }) {
    const health = answerOf(await api.GET('/health'));
    const { data, error } = await api.GET('/ready');
    // The API answers 503 with the same shape if it is not ready.
    const { ready, checks, stopping } = (data ?? error) as components['schemas']['Readiness'];
    output.print({ ...health, ready, checks, stopping }, () =>
      toSummary({
        headline: `${url}  ${ready ? 'ready' : 'not ready'}`,
        fields: { ...checks, stopping, 'longest stall': `${health.eventLoop.longestStallMs} ms` },
      }),
    );
    if (ready) return;
    throw new CliError(
      'unavailable',
      'The API cannot accept requests. Look for what is down, and run `bulkhead doctor` when it is up again.',
    );
  },
});

export const whoami = command({
  name: 'whoami',
  summary: 'show which API key is used, and what it may do',
  examples: ['whoami'],
  async run({ api, output }) {
    const { data } = answerOf(await api.GET('/api/ehr/session'));
    output.print(data, () =>
      toSummary({
        headline: `${data.name}  ${data.role}`,
        fields: {
          id: data.apiKeyId,
          connections: data.connectionIds?.join(', ') ?? 'all',
          expires: data.expiresAt ?? 'never',
        },
      }),
    );
  },
});
