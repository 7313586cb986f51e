import type { createQuarantineRepository } from './quarantine.repository.ts';

/** The repository of this feature. */
export interface QuarantineStore {
  readonly quarantine: ReturnType<typeof createQuarantineRepository>;
}
