export { createDiagnosisService, type DiagnosisService } from './diagnosis.service.ts';
export { createMonitoringService, type MonitoringService } from './monitoring.service.ts';
export { toQueueView } from './queue-view.ts';
export { createRateBudgetService, type RateBudgetService } from './rate-budget.service.ts';
export { toRateBudgetView } from './rate-budget-view.ts';
