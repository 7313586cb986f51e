import type { createKeptOutRepository } from './kept-out.repository.ts';
import type { createResourceRepository } from './resource.repository.ts';
import type { createResourceWriter } from './resource.writer.ts';
import type { prepareResourceTypes } from './resource-collections.ts';

/** The repositories of this feature. */
export interface ResourceStore {
  readonly resources: ReturnType<typeof createResourceRepository>;
  readonly resourceWriter: ReturnType<typeof createResourceWriter>;
  readonly keptOut: ReturnType<typeof createKeptOutRepository>;
  readonly prepareResourceTypes: (resourceTypes: readonly string[]) => ReturnType<typeof prepareResourceTypes>;
}
