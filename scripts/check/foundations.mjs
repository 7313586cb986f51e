/** The packages below the features, in order: each may import the ones before it (docs/architecture.md). */
export const foundations = [
  'runtime',
  'fhir',
  'bulk-server',
  'bson',
  'cron',
  'encryption',
  'egress',
  'rate-limiter',
  'providers',
  'ehr-client',
  'queues',
  'store',
];
