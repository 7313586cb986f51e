export { makeSyncRun } from './make-sync-run.ts';
