export { quarantineError } from './errors.ts';
export type { QuarantinedLine, QuarantineEntry } from './quarantine.record.ts';
export {
  maxKeptExportBytes,
  maxKeptLineBytes,
  maxQuarantinedLines,
  type QuarantineRepository,
  searchFileId,
} from './quarantine.repository.ts';
export { createQuarantineStore, type QuarantineStore } from './store.ts';
