export {
  createQuarantineRepository,
  maxKeptExportBytes,
  maxKeptLineBytes,
  type QuarantinedLine,
  type QuarantineEntry,
  type QuarantineRepository,
  searchFileId,
} from './quarantine.repository.ts';
export type { QuarantineStore } from './store.ts';
