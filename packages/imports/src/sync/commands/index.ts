export { cancelSync } from './cancel-sync.ts';
export { newSyncRun } from './new-sync-run.ts';
export { syncBodySchema, syncListQuerySchema } from './sync.schema.ts';
export { type SyncRunState, SyncService, syncAlreadyRunning } from './sync.service.ts';
export {
  type SyncRunView,
  startedSyncSchema,
  syncEventViewSchema,
  syncedSchema,
  syncRunDetailSchema,
  syncRunViewSchema,
  toListedSyncRun,
  toSyncEventView,
  toSyncedView,
  toSyncRunDetail,
  toSyncRunView,
} from './sync-view.ts';
