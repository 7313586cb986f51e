import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { RateBudget } from '../api/records.ts';
import { useEventStream } from '../api/use-event-stream.ts';

/** The budgets, as they are used. */
export function useLiveBudgets() {
  const queries = useQueryClient();
  const found = api.useQuery('get', '/api/ehr/rate-budgets');
  const { queryKey } = api.queryOptions('get', '/api/ehr/rate-budgets');
  const live = useEventStream({
    url: '/api/ehr/rate-budgets/events',
    events: ['budgets'],
    onEvent: (_event, data) => queries.setQueryData(queryKey, { success: true, data: data as RateBudget[] }),
  });
  return { found, live };
}
