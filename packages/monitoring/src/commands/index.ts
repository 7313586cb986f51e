export { RateBudgetService, toRateBudgetView } from '../budgets/rate-budget.service.ts';
export { healthChecks } from '../health/checks.ts';
export { type HealthReport, healthReportSchema, rankOf } from '../health/health-check.ts';
export { type History, historySchema } from '../history/history.schema.ts';
export { processStatus, processStatuses } from '../processes/process-state.record.ts';
export {
  ConnectionList,
  connectionCountsSchema,
  connectionListQuerySchema,
  listedConnectionSchema,
} from './connection-list.ts';
export { HealthService } from './health.service.ts';
export { HistoryService } from './history.service.ts';
export { MonitoringService, toQueueView } from './monitoring.service.ts';
export { type BudgetPlan, PlanService } from './night/plan.service.ts';
export { createPauseReader } from './pause-reader.ts';
