import { ApiError } from '@bulkhead/client';
import { QueryClient } from '@tanstack/react-query';

/** What is on the page without a stream is looked up again this often, while somebody looks at it. */
export const refreshMs = 10_000;
/** A deployment's restart takes seconds; what the API refuses it refuses again. */
const retries = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: refreshMs,
      staleTime: 1000,
      retry: (failures, error) => failures < retries && !isRefusal(error),
    },
  },
});

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}
