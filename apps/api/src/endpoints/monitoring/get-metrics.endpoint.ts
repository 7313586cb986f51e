import { defineEndpoint } from '../../http/define-endpoint.ts';

/** The page names connections and failures, so it is not for everyone. METRICS_TOKEN needs no database and opens nothing else. */
export const getMetrics = defineEndpoint({
  id: 'getMetrics',
  method: 'get',
  path: '/metrics',
  action: 'metrics.read',
  access: 'operator',
  audited: false,
  acceptsMetricsToken: true,
  summary: 'What this process has counted and measured, for Prometheus',
  description:
    'By `METRICS_TOKEN` as the bearer, where one is set, or by an operator’s key. `docs/metrics.md` lists what is on it.',
  responses: { 200: { description: 'In the text format of Prometheus', contentType: 'text/plain' } },
  errors: [],
  async handler({ process: { metrics }, response }) {
    response.type(metrics.contentType).send(await metrics.page());
  },
});
