import { endpointGroup } from '../../http/endpoint-group.ts';
import { getHealth } from './get-health.endpoint.ts';
import { getMetrics } from './get-metrics.endpoint.ts';
import { getReadiness } from './get-readiness.endpoint.ts';
import { listQueues } from './list-queues.endpoint.ts';
import { listRateBudgets } from './list-rate-budgets.endpoint.ts';
import { watchRateBudgets } from './watch-rate-budgets.endpoint.ts';

export const monitoringEndpoints = endpointGroup({
  name: 'Monitoring',
  description: 'How the system stands at this moment, for people who look on; `/metrics` is for Prometheus.',
  endpoints: [listRateBudgets, watchRateBudgets, listQueues],
});

export const processEndpoints = endpointGroup({
  name: 'Process',
  description: 'For load balancers and orchestrators.',
  endpoints: [getHealth, getReadiness, getMetrics],
});
