export { type MonitoringStore, monitoringFeature } from './monitoring.feature.ts';
export { ProcessReporter } from './processes/process-reporter.ts';
