export type { QuarantinedLine, QuarantineEntry } from './quarantine.record.ts';
export {
  createQuarantineRepository,
  maxKeptExportBytes,
  maxKeptLineBytes,
  type QuarantineRepository,
  type QuarantineStore,
  searchFileId,
} from './quarantine.repository.ts';
