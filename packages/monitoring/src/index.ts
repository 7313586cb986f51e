export { createHistorySampleRepository } from './history/history-sample.repository.ts';
export { ProcessReporter } from './processes/process-reporter.ts';
export { createProcessStateRepository } from './processes/process-state.repository.ts';
export type { MonitoringStore } from './store.ts';
