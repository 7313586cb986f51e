import type { createQuarantineRepository } from './quarantine.repository.ts';

export type { QuarantinedLine, QuarantineEntry } from './quarantine.record.ts';
export {
  createQuarantineRepository,
  maxKeptExportBytes,
  maxKeptLineBytes,
  maxQuarantinedLines,
  type QuarantineRepository,
  searchFileId,
} from './quarantine.repository.ts';

/** The repository of this feature. */
export interface QuarantineStore {
  readonly quarantine: ReturnType<typeof createQuarantineRepository>;
}
export { quarantineError } from './errors.ts';
