export {
  createQuarantineRepository,
  maxKeptExportBytes,
  maxKeptLineBytes,
  type QuarantinedLine,
  type QuarantineEntry,
  type QuarantineRepository,
  type QuarantineStore,
  searchFileId,
} from './quarantine.repository.ts';
