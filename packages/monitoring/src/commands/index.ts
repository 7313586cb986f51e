export { createDiagnosisService, type DiagnosisService } from './diagnosis.service.ts';
export { createMonitoringService, type MonitoringService, toQueueView } from './monitoring.service.ts';
export { createRateBudgetService, type RateBudgetService, toRateBudgetView } from './rate-budget.service.ts';
