export { ProcessReporter } from './processes/process-reporter.ts';
export { createMonitoringStore, type MonitoringStore } from './store.ts';
