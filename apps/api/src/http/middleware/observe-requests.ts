import type { Metrics } from '@bulkhead/runtime';

/** A look at a status takes milliseconds; an enhanced sync is waited for up to 30 s. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 35];

export type ObserveRequest = (request: {
  readonly method: string;
  /** As the router has it, without ids; undefined where no route was found. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}) => void;

/** Counts and times the API's requests. */
export function observeRequests(metrics: Metrics): ObserveRequest {
  const observe = metrics.histogram({
    name: 'bulkhead_http_request_duration_seconds',
    help: 'Requests to the API and how long they took; route: as in the API’s document, `none` for other addresses.',
    labels: ['method', 'route', 'status'],
    buckets,
  });
  return ({ method, route = 'none', status, durationMs }) =>
    observe({ method, route, status: `${Math.floor(status / 100)}xx` }, durationMs / 1000);
}
