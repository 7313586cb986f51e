export type { MonitoringStore } from './store.ts';
