export { quarantineError } from './errors.ts';
export { maxKeptRunBytes, maxQuarantinedLines } from './line-writer.ts';
export { type QuarantineStore, quarantineFeature } from './quarantine.feature.ts';
export { type QuarantinedLine, type QuarantineEntry, searchFileId } from './quarantine.record.ts';
export {
  maxKeptLineBytes,
  type QuarantineRepository,
} from './quarantine.repository.ts';
export { type QuarantineReason, quarantineReasons } from './quarantine-reasons.ts';
