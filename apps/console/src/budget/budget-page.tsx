import { Stack } from '@mantine/core';
import { api, queryClient, type RateBudget } from '../api/api.ts';
import { useEventStream } from '../api/use-event-stream.ts';
import { LiveBadge } from '../parts/badges.tsx';
import { EmptyState, Page, QueryResult } from '../parts/page.tsx';
import { BudgetCard, keyOfBudget } from './budget-card.tsx';

/** How much of the request limits of each EHR is used, now and over the day. */
export function BudgetPage() {
  const budgets = api.useQuery('get', '/api/ehr/rate-budgets');
  const { queryKey } = api.queryOptions('get', '/api/ehr/rate-budgets');
  const live = useEventStream({
    url: '/api/ehr/rate-budgets/events',
    events: ['budgets'],
    onEvent: (_event, data) => queryClient.setQueryData(queryKey, { success: true, data: data as RateBudget[] }),
  });
  return (
    <Page title="Rate budget" beside={<LiveBadge state={live} />}>
      <QueryResult query={budgets}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title="No budget is in use">
              Each client id at an EHR has a budget from its first connection on.
            </EmptyState>
          ) : (
            <Stack>
              {data.map((budget) => (
                <BudgetCard key={keyOfBudget(budget)} budget={budget} />
              ))}
            </Stack>
          )
        }
      </QueryResult>
    </Page>
  );
}
