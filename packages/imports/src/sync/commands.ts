export { cancelSync } from './cancel-sync.ts';
export { type SyncRunState, SyncService, syncAlreadyRunning } from './read/sync.service.ts';
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
} from './read/sync-view.ts';
export { newSyncRun } from './start/new-sync-run.ts';
export { syncBodySchema, syncListQuerySchema } from './start/sync.schema.ts';
