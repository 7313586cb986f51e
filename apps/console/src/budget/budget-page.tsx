import { Stack } from '@mantine/core';
import { api, queryClient, type RateBudget } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { useEventStream } from '../api/use-event-stream.ts';
import { LiveBadge } from '../parts/badges.tsx';
import { EmptyState, Page, QueryResult } from '../parts/page.tsx';
import { BudgetCard, keyOfBudget } from './budget-card.tsx';
import { PlanTable } from './plan-table.tsx';

/** How much of the request limits of each EHR is used, now and over the day. */
export function BudgetPage() {
  const { isOperator } = useSession();
  const budgets = api.useQuery('get', '/api/ehr/rate-budgets');
  const { queryKey } = api.queryOptions('get', '/api/ehr/rate-budgets');
  const live = useEventStream({
    url: '/api/ehr/rate-budgets/events',
    events: ['budgets'],
    onEvent: (_event, data) => queryClient.setQueryData(queryKey, { success: true, data: data as RateBudget[] }),
  });
  const history = api.useQuery('get', '/api/ehr/history', { params: { query: { days: 1 } } }, { enabled: isOperator });
  // The history knows budgets by their names, which clients of one vendor share.
  const dayOf = (name: string, all: readonly RateBudget[]) =>
    all.filter((budget) => budget.name === name).length === 1
      ? history.data?.data.budgets.find((budget) => budget.name === name)?.points
      : undefined;
  return (
    <Page title="Rate budget" beside={<LiveBadge state={live} />}>
      <QueryResult query={budgets}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title="No budget is in use">
              A client id gets a budget when its first connection is added.
            </EmptyState>
          ) : (
            <Stack>
              <PlanTable />
              {data.map((budget) => (
                <BudgetCard key={keyOfBudget(budget)} budget={budget} day={dayOf(budget.name, data)} />
              ))}
            </Stack>
          )
        }
      </QueryResult>
    </Page>
  );
}
